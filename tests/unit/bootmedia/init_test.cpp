// SPDX-License-Identifier: GPL-2.0-or-later
#include "init/health.hpp"
#include "init/modules.hpp"
#include "init/options.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace lifeboat::bootmedia;
using Files = std::vector<std::string>;

namespace {

const ModuleIndex& sample() {
    static const ModuleIndex index(
        "kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko\n"
        "kernel/drivers/virtio/virtio_ring.ko:\n"
        "kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko "
        "kernel/drivers/virtio/virtio_ring.ko\n"
        "kernel/drivers/block/xen-blkfront.ko:\n"
        "kernel/fs/btrfs/btrfs.ko: kernel/lib/raid6.ko\n"
        "kernel/lib/raid6.ko:\n"
        "kernel/crypto/crc32c_generic.ko:\n"
        "kernel/loop/a.ko: kernel/loop/b.ko\n"
        "kernel/loop/b.ko: kernel/loop/a.ko\n",
        "# Aliases extracted from modules themselves.\n"
        "alias virtio:d00000002v* virtio_blk\n"
        "alias xen:vbd xen_blkfront\n"
        "alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio\n",
        "softdep btrfs pre: crc32c_generic post: virtio\n");
    return index;
}

} // namespace

TEST_CASE("what a module needs is loaded before it, each file once", "[bootmedia]") {
    CHECK(sample().files_for("virtio:d00000002v00001AF4") ==
          Files{"kernel/drivers/virtio/virtio_ring.ko", "kernel/drivers/virtio/virtio.ko",
                "kernel/drivers/block/virtio_blk.ko.xz"});
    CHECK(sample().files_for("btrfs") == Files{"kernel/crypto/crc32c_generic.ko",
                                               "kernel/lib/raid6.ko", "kernel/fs/btrfs/btrfs.ko"});
}

TEST_CASE("module names are the same with a minus and an underscore", "[bootmedia]") {
    CHECK(module_name("kernel/drivers/block/xen-blkfront.ko.xz") == "xen_blkfront");
    CHECK(sample().files_for("xen-blkfront") == sample().files_for("xen_blkfront"));
    CHECK(sample().files_for("xen:vbd") == Files{"kernel/drivers/block/xen-blkfront.ko"});
}

TEST_CASE("nothing is loaded for a device that no module knows", "[bootmedia]") {
    CHECK(sample().files_for("pci:v00008086d00007010sv00001AF4sd00001100bc01sc01i80").empty());
    CHECK(sample().files_for("").empty());
    CHECK(ModuleIndex("", "", "").files_for("virtio").empty());
}

TEST_CASE("modules that need each other end", "[bootmedia]") {
    auto files = sample().files_for("a");
    std::sort(files.begin(), files.end());
    CHECK(files == Files{"kernel/loop/a.ko", "kernel/loop/b.ko"});
}

TEST_CASE("the boot entry's words are understood", "[bootmedia]") {
    const Options plain = parse_command_line("BOOT_IMAGE=/x quiet loglevel=3\n");
    CHECK_FALSE(plain.run);
    CHECK_FALSE(plain.no_graphics_drivers);
    const Options all = parse_command_line(
        "lifeboat.run=repair nomodeset lifeboat.shell lifeboat.text lifeboat.x=1\n");
    CHECK(all.run == "repair");
    CHECK(all.no_graphics_drivers);
    CHECK(all.shell);
    CHECK(all.text);
    CHECK(all.unknown == std::vector<std::string>{"lifeboat.x=1"});
}

TEST_CASE("only the verbs of the list can be run from a boot entry", "[bootmedia]") {
    for (const char* verb : {"layout", "diagnose", "preview", "repair"})
        CHECK(verb_arguments(verb));
    for (const char* verb : {"", "sh", "repair --all", "put", "registry", "../bin/busybox"})
        CHECK_FALSE(verb_arguments(verb));
    CHECK(verb_arguments("repair")->writes);
    CHECK_FALSE(verb_arguments("preview")->writes);
    const auto preview = verb_arguments("preview")->arguments;
    CHECK(std::find(preview.begin(), preview.end(), "--dry-run") != preview.end());
}

TEST_CASE("a rescue system that did not fit into memory says so, with the remedy", "[bootmedia]") {
    CHECK(memory_mib("MemFree: 1 kB\nMemTotal:         131072 kB\n") == 128U);
    CHECK_FALSE(memory_mib("nonsense"));
    CHECK_FALSE(what_is_wrong(512, true, true));
    const auto text = what_is_wrong(100, false, true);
    REQUIRE(text);
    CHECK(text->find("100 MiB") != std::string::npos);
    CHECK(text->find(std::to_string(kNeededMemoryMib) + " MiB") != std::string::npos);
    CHECK(what_is_wrong(std::nullopt, true, false));
}
