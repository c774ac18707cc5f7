// SPDX-License-Identifier: GPL-2.0-or-later
// The finished rescue medium in QEMU. What the screen shows is told by its own lines on the virtio
// port org.lifeboat.log ("page overview", "widget preview 24 700 ..."); pixels are checked as well,
// so that a program that only talks would not pass.
#include "base/text.hpp"
#include "machine/machine.hpp"

using namespace lifeboat;
using namespace lifeboat::test;

namespace {

// Without KVM, on a busy host, a boot was seen to take ten times its usual 20 seconds.
constexpr int kBoot = 300;
constexpr int kStep = 120;

std::string sha256_of(const std::string& path) { return run_ok({"sha256sum", path}).substr(0, 64); }

// A Windows-like disk with Xen's remains.
void make_windows(const std::string& path) {
    need_tools({"mkntfs", "sfdisk"});
    const Ran made = run_tool({"sh", LIFEBOAT_SAMPLE_SCRIPT, LIFEBOAT_SAMPLE_PROGRAM, path});
    INFO(made.output);
    REQUIRE(made.status == 0);
}

std::vector<std::string> with_disk(const std::string& disk, const std::string& vga = "std") {
    return {"-cdrom", LIFEBOAT_RESCUE_ISO,
            "-boot",  "order=d",
            "-vga",   vga,
            "-drive", "file=" + disk + ",format=raw,if=virtio,cache=unsafe"};
}

// The same under UEFI; skips the test where there is no firmware.
std::vector<std::string> with_uefi(const std::string& disk) {
    constexpr auto kFirmware = "/usr/share/ovmf/OVMF.fd";
    if (!files::exists(kFirmware))
        SKIP("no UEFI firmware: " << kFirmware);
    auto words = with_disk(disk);
    words.insert(words.end(), {"-bios", kFirmware});
    return words;
}

// Secure Boot with Microsoft's keys: only the firmware's own code may write its variables.
std::vector<std::string> with_secure_boot(const TempDir& folder, const std::string& disk) {
    const std::string firmware = "/usr/share/OVMF/";
    if (!files::exists(firmware + "OVMF_VARS_4M.ms.fd"))
        SKIP("no UEFI firmware with Microsoft's keys in " << firmware);
    const auto variables = folder.file("vars.fd");
    files::copy_file(firmware + "OVMF_VARS_4M.ms.fd", variables);
    const std::string flash = "if=pflash,format=raw,unit=";
    return {
        "-machine", "q35,smm=on",
        "-global",  "driver=cfi.pflash01,property=secure,value=on",
        "-drive",   flash + "0,readonly=on,file=" + firmware + "OVMF_CODE_4M.secboot.fd",
        "-drive",   flash + "1,file=" + variables,
        "-drive",   "if=none,id=cd,media=cdrom,readonly=on,format=raw,file=" LIFEBOAT_RESCUE_ISO,
        "-device",  "ide-cd,drive=cd,bootindex=0",
        "-drive",   "if=none,id=disk,format=raw,file=" + disk,
        "-device",  "virtio-blk-pci,drive=disk,bootindex=1"};
}

// The window is there: as large as the screen, with text and panels, not one colour. LIFEBOAT_SHOTS
// names a folder that keeps the pictures.
void check_window(Machine& machine, const std::string& name) {
    const Screen screen = machine.screen();
    if (const char* const folder = std::getenv("LIFEBOAT_SHOTS"))
        machine.save_screen(files::path(folder) / (name + ".ppm"));
    CHECK(screen.width == 1024);
    CHECK(screen.height == 768);
    CHECK(screen.colours(64) == 64);
}

// What the command says about the disk from outside.
Ran diagnosis_of(const std::string& disk) {
    return run_tool({"sh", "-c", "exec " LIFEBOAT_COMMAND " diagnose " + disk});
}

// Waits for a line of the screen after `from`; the place behind it.
std::size_t expect(const Machine& machine, std::string_view line, std::size_t from, int seconds) {
    const auto found = machine.wait_for("log", line, seconds, from);
    INFO("waiting for: " << line);
    INFO("log:\n" << machine.said_on("log"));
    INFO("serial:\n" << printable(machine.said_on("serial")));
    REQUIRE(found);
    return *found + line.size();
}

} // namespace

TEST_CASE("the rescue medium shows its window, repairs by keys, and undoes", "[boot]") {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    const auto original = sha256_of(disk);
    REQUIRE(diagnosis_of(disk).status == 1);

    Machine machine(folder, with_disk(disk));
    auto at = expect(machine, "screen: first frame 1024x768", 0, kBoot);
    at = expect(machine, "screen: page overview", at, kStep);
    CHECK(machine.said_on("log").find("looked at 1 disks, 1 guests") != std::string::npos);

    check_window(machine, "std");

    // Looking and previewing change nothing.
    machine.press({"f8"});
    at = expect(machine, "screen: page preview", at, kStep);
    CHECK(sha256_of(disk) == original);

    machine.press({"f9"});
    at = expect(machine, "screen: page confirm", at, kStep);
    CHECK(sha256_of(disk) == original);
    machine.press({"spc", "down", "ret"});
    at = expect(machine, "screen: applied ", at, kStep);
    at = expect(machine, "screen: page result", at, kStep);
    CHECK(sha256_of(disk) != original);
    {
        const Ran after = diagnosis_of(disk);
        INFO(after.output);
        CHECK(after.status == 0);
    }

    // Undo, from the same screen: to the overview, the undo button, yes.
    machine.press({"right", "ret"});
    at = expect(machine, "screen: page confirm-undo", at, kStep);
    machine.press({"left", "ret"});
    at = expect(machine, "screen: undone ", at, kStep);
    CHECK(sha256_of(disk) == original);
}

TEST_CASE("a host gets a diagnosis and a repair without a person", "[boot]") {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    const auto original = sha256_of(disk);
    const auto run = [&](const char* verb, int code) {
        auto words = with_disk(disk);
        words.insert(words.end(), {"-smbios", std::string("type=11,value=lifeboat:run=") + verb,
                                   "-vga", "none"});
        Machine machine(folder, words);
        REQUIRE(machine.wait_for_end(kBoot));
        const auto result = machine.said_on("result");
        INFO(result);
        INFO(machine.said_on("log"));
        CHECK(result.rfind(std::string("lifeboat-begin ") + verb + "\n", 0) == 0);
        CHECK(result.find("\nlifeboat-exit " + std::to_string(code) + "\n") != std::string::npos);
        return result;
    };
    const auto diagnosis = run("diagnose", 1);
    CHECK(diagnosis.find("win.xen-class-filter") != std::string::npos);
    CHECK(sha256_of(disk) == original);

    run("repair", 0);
    CHECK(sha256_of(disk) != original);
    CHECK(diagnosis_of(disk).status == 0);
    // The host got the undo file, and it is good.
    const Ran undo = run_tool(
        {"sh", "-c", std::string(LIFEBOAT_COMMAND) + " undo " + folder.file("undo") + " " + disk});
    INFO(undo.output);
    CHECK(undo.status == 0);
    CHECK(sha256_of(disk) == original);
}

TEST_CASE("under UEFI the window is up, and the serial line has the menu", "[boot]") {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    Machine machine(folder, with_uefi(disk));
    const auto at = expect(machine, "screen: first frame 1024x768", 0, kBoot);
    expect(machine, "screen: page overview", at, kStep);
    check_window(machine, "uefi");
    constexpr std::string_view kPrompt = "lifeboat (? for help)> ";
    const auto prompt = machine.wait_for("serial", kPrompt, kStep);
    INFO(printable(machine.said_on("serial")));
    REQUIRE(prompt);
    CHECK(machine.said_on("serial").find("CRITICAL: Xen drivers") != std::string::npos);
    // It answers, and asks again.
    machine.type_on_serial("?\r");
    CHECK(machine.wait_for("serial", kPrompt, kStep, *prompt + kPrompt.size()));
}

// One test per card, so that one that fails does not hide the others.
void card_shows_window(const std::string& vga) {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    Machine machine(folder, with_disk(disk, vga));
    const auto at = expect(machine, "screen: first frame 1024x768", 0, kBoot);
    expect(machine, "screen: page overview", at, kStep);
    check_window(machine, vga);
}

TEST_CASE("under Secure Boot the medium starts, finds and repairs", "[boot-all]") {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    auto words = with_secure_boot(folder, disk);
    words.insert(words.end(), {"-smbios", "type=11,value=lifeboat:run=repair"});
    Machine machine(folder, words);
    REQUIRE(machine.wait_for_end(3 * kBoot));
    INFO(machine.said_on("serial"));
    INFO(machine.said_on("log"));
    CHECK(machine.said_on("log").find("Secure Boot is on, and this kernel knows it") !=
          std::string::npos);
    CHECK(machine.said_on("result").find("\nlifeboat-exit 0\n") != std::string::npos);
    CHECK(diagnosis_of(disk).status == 0);
}

TEST_CASE("the window on a virtio card", "[boot-all]") { card_shows_window("virtio"); }
TEST_CASE("the window on a Cirrus card", "[boot-all]") { card_shows_window("cirrus"); }
TEST_CASE("the window on a QXL card", "[boot-all]") { card_shows_window("qxl"); }
TEST_CASE("the window on a VMware card", "[boot-all]") { card_shows_window("vmware"); }

TEST_CASE("192 MiB of memory are enough for the window", "[boot-all]") {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    auto words = with_disk(disk);
    words.insert(words.end(), {"-m", "192"});
    Machine machine(folder, words);
    const auto at = expect(machine, "screen: first frame 1024x768", 0, kBoot);
    expect(machine, "screen: page overview", at, kStep);
}

TEST_CASE("the rescue medium as a stick is not taken for a disk of the guest", "[boot-all]") {
    const TempDir folder;
    const auto disk = folder.file("windows.img");
    make_windows(disk);
    Machine machine(folder, {"-vga", "std", "-device", "qemu-xhci", "-drive",
                             "if=none,id=stick,readonly=on,format=raw,file=" LIFEBOAT_RESCUE_ISO,
                             "-device", "usb-storage,drive=stick,bootindex=0", "-drive",
                             "file=" + disk + ",format=raw,if=virtio,cache=unsafe"});
    const auto at = expect(machine, "screen: first frame 1024x768", 0, kBoot);
    expect(machine, "screen: page overview", at, kStep);
    CHECK(machine.said_on("log").find("looked at 1 disks, 1 guests") != std::string::npos);
}
