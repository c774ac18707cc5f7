// SPDX-License-Identifier: GPL-2.0-or-later
// The description of an OVA, by DMTF DSP0243. Elements and attributes are taken by their names
// without the namespace: those differ between versions and makers.
#include "base/text.hpp"
#include "block/ova.hpp"

#include <algorithm>
#include <cstdint>
#include <expat.h>
#include <map>
#include <memory>

namespace lifeboat::block {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kMostElements = 100000;
constexpr std::size_t kMostText = 4096;   // of one element
constexpr std::size_t kMostThings = 1024; // disks, files, items
// CIM ResourceType, CIM_ResourceAllocationSettingData.
constexpr std::string_view kEthernet = "10";
constexpr std::string_view kDisk = "17";

struct File {
    std::string name;
    bool compressed = false;
};

// expat 2.9 deprecates the old function, which older ones have alone.
std::uint64_t line_of(XML_Parser parser) {
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 9
    return XML_GetCurrentLineNumber64(parser);
#else
    return XML_GetCurrentLineNumber(parser);
#endif
}

using Fields = std::map<std::string, std::string, std::less<>>;

// What is collected while the text is read.
struct Collected {
    std::string name;
    std::map<std::string, File, std::less<>> files;
    std::vector<std::pair<std::string, OvfDisk>> disks; // with their ids
    std::vector<std::string> disk_files;                // fileRef of each
    std::vector<Fields> items;                          // of the virtual hardware
    std::vector<std::string> virtualbox_macs;
};

struct Reader {
    XML_Parser parser = nullptr;
    Collected found;
    std::vector<std::string> path;
    std::string text;
    std::size_t elements = 0;
    std::string trouble;
    bool document_type = false;

    void stop(std::string why) {
        if (trouble.empty())
            trouble = std::move(why);
        XML_StopParser(parser, XML_FALSE);
    }
};

// Names come as "namespace|name".
std::string_view local(std::string_view name) {
    const auto bar = name.rfind('|');
    return bar == name.npos ? name : name.substr(bar + 1);
}

Fields attributes_of(const char** list) {
    Fields out;
    for (; list[0] != nullptr; list += 2)
        out.emplace(local(list[0]), list[1]);
    return out;
}

std::string field(const Fields& fields, std::string_view name) {
    const auto at = fields.find(name);
    return at == fields.end() ? std::string() : at->second;
}

std::optional<std::uint64_t> number(std::string_view text) {
    if (text.empty() || text.size() > 18)
        return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// "byte * 2^30" is the only shape the standard gives for units of sizes.
std::uint64_t unit(std::string_view text) {
    const auto caret = text.rfind('^');
    if (text.find("2^") == text.npos || caret == text.npos)
        return 1;
    const auto power = number(trim(text.substr(caret + 1))).value_or(0);
    return power < 63 ? std::uint64_t{1} << power : 0;
}

void add_disk(Reader& reader, const Fields& fields) {
    OvfDisk disk;
    disk.format = field(fields, "format");
    const auto count = number(field(fields, "capacity")).value_or(0);
    const auto each = unit(field(fields, "capacityAllocationUnits"));
    if (each != 0 && count <= (std::uint64_t{1} << 62) / each)
        disk.capacity = count * each;
    reader.found.disks.emplace_back(field(fields, "diskId"), std::move(disk));
    reader.found.disk_files.push_back(field(fields, "fileRef"));
}

void add_file(Reader& reader, const Fields& fields) {
    const auto compression = field(fields, "compression");
    reader.found.files.emplace(
        field(fields, "id"),
        File{field(fields, "href"), (!compression.empty() && compression != "identity") ||
                                        !field(fields, "chunkSize").empty()});
}

bool is_item(std::string_view name) {
    return name == "Item" || name == "StorageItem" || name == "EthernetPortItem";
}

void on_start(void* data, const char* raw_name, const char** list) {
    auto& reader = *static_cast<Reader*>(data);
    if (reader.path.size() >= kDeepest || ++reader.elements > kMostElements)
        return reader.stop("its description is too complicated");
    const auto name = local(raw_name);
    const auto fields = attributes_of(list);
    auto& found = reader.found;
    if (std::max({found.disks.size(), found.files.size(), found.items.size(),
                  found.virtualbox_macs.size()}) >= kMostThings)
        return reader.stop("its description names too many things");
    const std::string_view parent =
        reader.path.empty() ? std::string_view() : std::string_view(reader.path.back());
    if (name == "File" && parent == "References")
        add_file(reader, fields);
    else if (name == "Disk" && parent == "DiskSection")
        add_disk(reader, fields);
    else if (name == "VirtualSystem" && found.name.empty())
        found.name = field(fields, "id");
    else if (is_item(name) && parent == "VirtualHardwareSection")
        found.items.emplace_back();
    else if (name == "Adapter" && !field(fields, "MACAddress").empty() &&
             field(fields, "enabled") != "false")
        found.virtualbox_macs.push_back(field(fields, "MACAddress"));
    reader.path.emplace_back(name);
    reader.text.clear();
}

void on_end(void* data, const char* raw_name) {
    auto& reader = *static_cast<Reader*>(data);
    if (reader.path.empty())
        return;
    reader.path.pop_back();
    if (!reader.path.empty() && is_item(reader.path.back()) && !reader.found.items.empty())
        reader.found.items.back().emplace(local(raw_name), trim(reader.text));
    reader.text.clear();
}

void on_text(void* data, const char* text, int length) {
    auto& reader = *static_cast<Reader*>(data);
    const auto room = kMostText - std::min(kMostText, reader.text.size());
    reader.text.append(text, std::min(static_cast<std::size_t>(length), room));
}

void on_document_type(void* data, const char*, const char*, const char*, int) {
    auto& reader = *static_cast<Reader*>(data);
    reader.document_type = true;
    reader.stop("its description has a document type");
}

// Disk items by controller, in the order the controllers appear, then by their place on it.
std::vector<const Fields*> in_order(const std::vector<Fields>& items) {
    std::vector<const Fields*> disks;
    std::map<std::string, std::size_t, std::less<>> controllers;
    for (std::size_t i = 0; i < items.size(); ++i) {
        controllers.emplace(field(items[i], "InstanceID"), i);
        if (field(items[i], "ResourceType") == kDisk)
            disks.push_back(&items[i]);
    }
    const auto place = [&](const Fields* item) {
        const auto at = controllers.find(field(*item, "Parent"));
        return std::pair(at == controllers.end() ? items.size() : at->second,
                         number(field(*item, "AddressOnParent")).value_or(0));
    };
    std::stable_sort(disks.begin(), disks.end(),
                     [&](auto* a, auto* b) { return place(a) < place(b); });
    return disks;
}

// "ovf:/disk/vmdisk1", "ovf:/file/file1"; old writers leave out "ovf:".
std::string last_part(std::string_view resource, std::string_view kind) {
    const auto at = resource.find(kind);
    return at == resource.npos ? std::string() : std::string(resource.substr(at + kind.size()));
}

void fill_disks(const Collected& found, Ovf& out) {
    std::vector<bool> taken(found.disks.size(), false);
    const auto take = [&](std::size_t i) {
        auto disk = found.disks[i].second;
        if (const auto file = found.files.find(found.disk_files[i]); file != found.files.end()) {
            disk.file = file->second.name;
            disk.compressed = file->second.compressed;
        }
        if (!taken[i])
            out.disks.push_back(std::move(disk));
        taken[i] = true;
    };
    for (const auto* item : in_order(found.items)) {
        const auto resource = field(*item, "HostResource");
        const auto id = last_part(resource, "/disk/");
        for (std::size_t i = 0; i < found.disks.size(); ++i)
            if (!id.empty() && found.disks[i].first == id)
                take(i);
        const auto file = found.files.find(last_part(resource, "/file/"));
        if (id.empty() && file != found.files.end() && !file->second.name.empty())
            out.disks.push_back({file->second.name, {}, 0, file->second.compressed});
    }
    for (std::size_t i = 0; i < found.disks.size(); ++i)
        take(i); // disks that no machine has
}

void fill_nics(const Collected& found, Ovf& out) {
    std::size_t next = 0;
    for (const auto& item : found.items) {
        if (field(item, "ResourceType") != kEthernet)
            continue;
        OvfNic nic{field(item, "Address"), field(item, "ResourceSubType"),
                   field(item, "Connection")};
        // VirtualBox writes the address only into its own section, in the same order.
        if (nic.mac.empty() && next < found.virtualbox_macs.size())
            nic.mac = found.virtualbox_macs[next];
        ++next;
        out.nics.push_back(std::move(nic));
    }
}

struct ParserFree {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

} // namespace

Result<Ovf> read_ovf(const std::string& where, ByteSpan xml) {
    const std::unique_ptr<XML_ParserStruct, ParserFree> parser(XML_ParserCreateNS(nullptr, '|'));
    if (!parser)
        return fail(ErrorKind::internal, where, "no memory for the description");
    Reader reader;
    reader.parser = parser.get();
    XML_SetUserData(parser.get(), &reader);
    XML_SetElementHandler(parser.get(), on_start, on_end);
    XML_SetCharacterDataHandler(parser.get(), on_text);
    XML_SetStartDoctypeDeclHandler(parser.get(), on_document_type);
    const auto text = to_text(xml);
    if (text.size() > 16 << 20)
        return fail(ErrorKind::damaged, where, "the description is too long");
    const auto status =
        XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
    if (reader.document_type)
        return fail(ErrorKind::unsupported, where, reader.trouble);
    if (!reader.trouble.empty())
        return fail(ErrorKind::damaged, where, reader.trouble);
    if (status != XML_STATUS_OK)
        return fail(ErrorKind::damaged, where,
                    "line " + std::to_string(line_of(parser.get())) + ": " +
                        XML_ErrorString(XML_GetErrorCode(parser.get())));
    Ovf out;
    out.name = reader.found.name;
    fill_disks(reader.found, out);
    fill_nics(reader.found, out);
    return out;
}

} // namespace lifeboat::block
