// SPDX-License-Identifier: GPL-2.0-or-later
// What is read of files before QEMU sees them: heads of image formats, VMDK descriptions, tar, OVF.
#include "block/image.hpp"
#include "block/ova.hpp"
#include "block/qemu_header.hpp"
#include "fuzz/target.hpp"
#include "support/tools.hpp"

namespace lifeboat::fuzz {

void run(ByteSpan input) {
    block::ImageHeader header;
    static_cast<void>(block::read_vmdk_descriptor("fuzz", to_text(input), header));
    static_cast<void>(block::read_ovf("fuzz", input));
    if (input.size() < 512)
        return;
    const auto file = block::memory_device("fuzz", Bytes(input.begin(), input.end()));
    static_cast<void>(block::format_of(*file));
    for (const std::string name : {"qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "qcow"})
        if (const auto driver = block::driver_named(name); !driver.empty())
            static_cast<void>(block::read_header(*file, driver));
    if (const auto ova = block::read_ova(*file); ova && *ova)
        for (const auto& disk : (*ova)->ovf.disks)
            if (const auto* member = (*ova)->member(disk.file))
                holds(member->offset <= file->size() &&
                          member->size <= file->size() - member->offset,
                      "a member lies in its file");
}

std::vector<Bytes> seeds() {
    std::vector<Bytes> out;
    out.push_back(to_bytes("# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
                           "createType=\"monolithicFlat\"\nRW 2048 FLAT \"disk-flat.vmdk\" 0\n"
                           "ddb.adapterType = \"ide\"\n"));
    const std::string ovf =
        "<?xml version=\"1.0\"?><Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" "
        "xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\"><References><File ovf:id=\"f\" "
        "ovf:href=\"d.vmdk\"/></References><DiskSection><Disk ovf:diskId=\"d\" ovf:fileRef=\"f\" "
        "ovf:capacity=\"1\"/></DiskSection><VirtualSystem ovf:id=\"vm\"><Name>vm</Name>"
        "</VirtualSystem></Envelope>";
    out.push_back(to_bytes(ovf));
    const test::TempDir dir;
    test::write_file(dir.file("vm.ovf"), ovf);
    test::write_file(dir.file("d.vmdk"), std::string(1024, 'd'));
    if (!test::find_tool("tar").empty()) {
        test::run_ok({"tar", "-cf", dir.file("a.ova"), "-C", dir.path(), "vm.ovf", "d.vmdk"});
        out.push_back(test::read_file(dir.file("a.ova")));
    }
    if (!test::find_tool("qemu-img").empty())
        for (const std::string format : {"qcow2", "vmdk", "vdi"}) {
            test::run_ok({"qemu-img", "create", "-q", "-f", format, dir.file(format), "1M"});
            auto image = test::read_file(dir.file(format));
            image.resize(std::min<std::size_t>(image.size(), 256 << 10));
            out.push_back(std::move(image));
        }
    return out;
}

} // namespace lifeboat::fuzz
