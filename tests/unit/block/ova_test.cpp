// SPDX-License-Identifier: GPL-2.0-or-later
// OVA archives, made by tar and qemu-img, and by our own hand for the hostile ones.
#include "base/text.hpp"
#include "block/open.hpp"
#include "block/ova.hpp"
#include "block/qemu_header.hpp"
#include "support/images.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace lifeboat;
using namespace lifeboat::block;
using namespace lifeboat::test;

namespace {

std::string item(int type, std::string_view more) {
    return "<Item><rasd:ResourceType>" + std::to_string(type) + "</rasd:ResourceType>" +
           std::string(more) + "</Item>";
}

// A machine as VMware and VirtualBox describe one: the second disk of the list is the first on the
// first controller.
std::string description(std::string_view first = "disk1.vmdk",
                        std::string_view second = "disk2.img") {
    return R"(<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
<References><File ovf:id="f1" ovf:href=")" +
           std::string(first) + R"("/><File ovf:id="f2" ovf:href=")" + std::string(second) +
           R"("/></References>
<DiskSection><Info>disks</Info>
<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^20"
 ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
<Disk ovf:diskId="d2" ovf:fileRef="f2" ovf:capacity="8388608"/>
<Disk ovf:diskId="d3" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30"/>
</DiskSection>
<VirtualSystem ovf:id="web &amp; mail"><VirtualHardwareSection>)" +
           item(6, "<rasd:InstanceID>3</rasd:InstanceID>") +
           item(17,
                "<rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:Parent>3</rasd:Parent>"
                "<rasd:AddressOnParent>1</rasd:AddressOnParent>") +
           item(17,
                "<rasd:HostResource>ovf:/disk/d2</rasd:HostResource><rasd:Parent>3</rasd:Parent>"
                "<rasd:AddressOnParent>0</rasd:AddressOnParent>") +
           item(10, "<rasd:Address>00:16:3e:11:22:33</rasd:Address>"
                    "<rasd:Connection>VM Network</rasd:Connection>"
                    "<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>") +
           "</VirtualHardwareSection></VirtualSystem></Envelope>\n";
}

Result<Ovf> parse(std::string_view text) { return read_ovf("test.ovf", to_bytes(text)); }

struct Machine {
    TempDir folder;
    std::string ova;
    Bytes first, second; // content of the two disks
};

// Disk 1 as a streamOptimized VMDK, disk 2 plain. `format`: what tar writes.
void build(Machine& machine, const std::string& format, bool sealed) {
    need_tools({"tar", "qemu-img", "qemu-nbd"});
    auto& folder = machine.folder;
    make_ext(folder.file("one.raw"), 16 * kMiB);
    make_ntfs(folder.file("disk2.img"), 8 * kMiB);
    machine.first = read_file(folder.file("one.raw"));
    machine.second = read_file(folder.file("disk2.img"));
    run_ok({"qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
            folder.file("one.raw"), folder.file("disk1.vmdk")});
    write_file(folder.file("guest.ovf"), description());
    write_file(folder.file("guest.mf"), std::string_view("SHA1(guest.ovf)= 00\n"));
    machine.ova = folder.file("guest.ova");
    std::vector<std::string> words{"tar",        "--format=" + format, "-C",        folder.path(),
                                   "-cf",        machine.ova,          "guest.ovf", "disk1.vmdk",
                                   "./disk2.img"};
    if (sealed)
        words.emplace_back("guest.mf");
    run_ok(words);
}

Bytes all_of(BlockDevice& device) {
    auto bytes = read_bytes(device, 0, static_cast<std::size_t>(device.size()));
    REQUIRE(bytes);
    return *bytes;
}

} // namespace

TEST_CASE("the disks of an OVA are opened where they lie, in the machine's order", "[block]") {
    for (const auto* format : {"ustar", "pax", "gnu"}) {
        INFO(format);
        Machine machine;
        build(machine, format, true);
        const auto before = read_file(machine.ova);
        const auto names = disks_in(machine.ova);
        REQUIRE(names);
        REQUIRE(*names ==
                std::vector<std::string>{machine.ova + ":disk2.img", machine.ova + ":disk1.vmdk"});
        const auto second = open_disk((*names)[0], Access::read);
        const auto first = open_disk((*names)[1], Access::read);
        REQUIRE(first);
        REQUIRE(second);
        CHECK(all_of(**first) == machine.first);
        CHECK(all_of(**second) == machine.second);
        for (const auto& name : *names) {
            const auto writable = open_disk(name, Access::write);
            REQUIRE_FALSE(writable);
            CHECK(writable.error().kind == ErrorKind::refused);
            const auto reader = open_disk(name, Access::read);
            REQUIRE(reader);
            const auto by_reader = open_for_writing(**reader, name);
            REQUIRE_FALSE(by_reader);
            CHECK(by_reader.error().kind == ErrorKind::refused);
        }
        const auto notes = notes_on((*names)[1]);
        REQUIRE(notes);
        CHECK(join(*notes, "\n") == "format: VMDK\nmachine in the OVA: web & mail\nnetwork card "
                                    "VmxNet3 with MAC 00:16:3e:11:22:33 on VM Network");
        const auto both = open_disk(machine.ova, Access::read);
        REQUIRE_FALSE(both);
        CHECK(both.error().kind == ErrorKind::usage);
        CHECK(read_file(machine.ova) == before);
    }
}

TEST_CASE("a plain disk in an OVA without checksums can be changed in place", "[block]") {
    Machine machine;
    build(machine, "ustar", false);
    const auto name = machine.ova + ":disk2.img";
    {
        const auto device = open_disk(name, Access::write);
        REQUIRE(device);
        REQUIRE((*device)->write(4096, Bytes(512, std::byte{0x33})));
        REQUIRE((*device)->flush());
    }
    std::fill_n(machine.second.begin() + 4096, 512, std::byte{0x33});
    run_ok({"tar", "-C", machine.folder.path(), "-xf", machine.ova}); // tar is the judge
    CHECK(read_file(machine.folder.file("disk2.img")) == machine.second);
}

TEST_CASE("the description tells disks, sizes and network cards", "[block]") {
    const auto ovf = parse(description());
    REQUIRE(ovf);
    CHECK(ovf->name == "web & mail");
    REQUIRE(ovf->disks.size() == 3);
    CHECK(ovf->disks[0].file == "disk2.img");
    CHECK(ovf->disks[0].capacity == 8 * kMiB);
    CHECK(ovf->disks[1].capacity == 16 * kMiB);
    CHECK(ovf->disks[2].file.empty());
    CHECK(ovf->disks[2].capacity == 1024 * kMiB);
    REQUIRE(ovf->nics.size() == 1);
    CHECK(ovf->nics[0] == OvfNic{"00:16:3e:11:22:33", "VmxNet3", "VM Network"});
}

TEST_CASE("VirtualBox's own place of the MAC is read", "[block]") {
    auto text = description();
    const std::string address = "<rasd:Address>00:16:3e:11:22:33</rasd:Address>";
    text.erase(text.find(address), address.size());
    const std::string end = "</VirtualSystem>";
    text.insert(text.find(end), "<Machine xmlns=\"urn:vbox\"><Hardware><Network>"
                                "<Adapter slot=\"0\" enabled=\"true\" MACAddress=\"080027AABBCC\"/>"
                                "</Network></Hardware></Machine>");
    const auto ovf = parse(text);
    REQUIRE(ovf);
    REQUIRE(ovf->nics.size() == 1);
    CHECK(ovf->nics[0].mac == "080027AABBCC");
}

TEST_CASE("a hostile description is refused, not followed", "[block]") {
    CHECK_FALSE(parse(""));
    CHECK_FALSE(parse("<Envelope>"));
    const auto with_type = parse("<!DOCTYPE x [<!ENTITY a \"aaaa\">]><Envelope>&a;</Envelope>");
    REQUIRE_FALSE(with_type);
    CHECK(with_type.error().kind == ErrorKind::unsupported);
    std::string deep;
    for (int i = 0; i < 1000; ++i)
        deep += "<a>";
    CHECK(parse(deep).error().what.find("complicated") != std::string::npos);
    std::string many = "<Envelope><References>";
    for (int i = 0; i < 5000; ++i)
        many += "<File id=\"" + std::to_string(i) + "\" href=\"x\"/>";
    CHECK_FALSE(parse(many + "</References></Envelope>"));
    const auto huge = parse("<Envelope><DiskSection><Disk diskId=\"d\" capacity=\"999999999999\" "
                            "capacityAllocationUnits=\"byte * 2^60\"/></DiskSection></Envelope>");
    REQUIRE(huge);
    CHECK(huge->disks.at(0).capacity == 0);
}

TEST_CASE("a disk that the archive does not have is named", "[block]") {
    need_tools({"tar"});
    const TempDir folder;
    write_file(folder.file("guest.ovf"), description("../../../etc/passwd", "gone.img"));
    run_ok({"tar", "-C", folder.path(), "-cf", folder.file("guest.ova"), "guest.ovf"});
    const auto names = disks_in(folder.file("guest.ova"));
    REQUIRE_FALSE(names);
    CHECK(names.error().kind == ErrorKind::damaged);
    const auto none = open_disk(folder.file("guest.ova") + ":../../../etc/passwd", Access::read);
    REQUIRE_FALSE(none);
    CHECK(none.error().kind == ErrorKind::not_found);
}

TEST_CASE("sizes of more than eleven octal digits are read", "[block]") {
    need_tools({"tar"});
    for (const auto* format : {"pax", "gnu"}) { // pax record, base-256 field
        INFO(format);
        const TempDir folder;
        make_sparse(folder.file("big.img"), 9 * 1024 * kMiB);
        write_file(folder.file("guest.ovf"), description());
        const auto ova = folder.file("guest.ova");
        // The archive's end is cut off as soon as the header of the big file is there: 9 GiB of
        // zeros are put back as a hole.
        run_ok({"sh", "-c",
                "cd '" + folder.path() + "' && tar --format=" + format +
                    " -cf - guest.ovf big.img 2>/dev/null | head -c 65536 >guest.ova"});
        files::resize_file(ova, 9 * 1024 * kMiB + 65536);
        const auto file = open_plain(ova, Access::read);
        REQUIRE(file);
        const auto members = read_tar(**file);
        REQUIRE(members);
        REQUIRE(members->size() == 2);
        CHECK(members->back().name == "big.img");
        CHECK(members->back().size == 9 * 1024 * kMiB);
    }
}

TEST_CASE("an archive that was cut off is told as such", "[block]") {
    Machine machine;
    build(machine, "ustar", false);
    auto archive = read_file(machine.ova);
    archive.resize(archive.size() / 2);
    const auto file = memory_device("cut.ova", archive);
    const auto ova = read_ova(*file);
    REQUIRE_FALSE(ova);
    CHECK(ova.error().kind == ErrorKind::damaged);
}

TEST_CASE("a damaged archive, description or image head never crashes", "[block]") {
    Machine machine;
    build(machine, "pax", false);
    const auto archive = read_file(machine.ova);
    const auto text = to_bytes(description());
    run_ok({"qemu-img", "create", "-q", "-f", "qcow2", machine.folder.file("a.qcow2"), "8M"});
    auto qcow2 = read_file(machine.folder.file("a.qcow2"));
    qcow2.resize(8192);
    auto vmdk = read_file(machine.folder.file("disk1.vmdk"));
    vmdk.resize(32768);
    std::mt19937 random(20261120);
    const auto mutate = [&](Bytes bytes, std::size_t within) {
        for (std::size_t n = 1 + random() % 8; n > 0; --n)
            bytes[random() % std::min(within, bytes.size())] = static_cast<std::byte>(random());
        if (random() % 4 == 0)
            bytes.resize(random() % bytes.size());
        return bytes;
    };
    int accepted = 0;
    for (int round = 0; round < 3000; ++round) {
        if (round % 30 == 0) {
            const auto file = memory_device("mutant.ova", mutate(archive, 4096));
            accepted += read_ova(*file).has_value() ? 1 : 0;
        }
        accepted += read_ovf("mutant.ovf", mutate(text, text.size())).has_value() ? 1 : 0;
        for (const auto& [head, driver] : {std::pair(qcow2, "qcow2"), std::pair(vmdk, "vmdk")}) {
            const auto file = memory_device("mutant", mutate(head, 1024));
            const auto header = read_header(*file, driver);
            accepted += header.has_value() ? 1 : 0;
            if (header && header->backing)
                CHECK(header->backing->name.size() <= 8192);
        }
    }
    CHECK(accepted > 0); // some changes hit nothing that matters
}
