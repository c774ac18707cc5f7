// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/documents.hpp"

#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace lifeboat;
using namespace lifeboat::session;

namespace {

Inspection sample() {
    Inspection out;
    DiskInfo disk;
    disk.path = "guest.img";
    disk.size = 1U << 30;
    disk.table = "mbr";
    VolumeInfo volume;
    volume.id = "1";
    volume.size = 1U << 29;
    volume.content = "ext4";
    volume.label = "root\x1b[2J";
    volume.uuid = "0f7c9a2e-0000-4000-8000-000000000000";
    volume.active = true;
    disk.volumes.push_back(volume);
    out.disks.push_back(disk);
    GuestInfo guest;
    guest.id = "linux1";
    guest.os = "linux";
    guest.title = "Debian GNU/Linux 12 (bookworm)";
    guest.volume = "disk 1, partition 1";
    guest.verdict = Verdict::repairable;
    out.guests.push_back(guest);
    FindingInfo finding;
    finding.id = "linux.console";
    finding.guest = "linux1";
    finding.outcome = Outcome::trouble;
    finding.severity = "critical";
    finding.title = "The console is the one of Xen";
    finding.why = "Nothing is shown";
    finding.evidence = {"/etc/x: \"hvc0\" \x9b"};
    out.findings.push_back(finding);
    finding.id = "linux.other";
    finding.outcome = Outcome::could_not_look;
    finding.severity.clear();
    finding.evidence = {"it was dark"};
    out.findings.push_back(finding);
    return out;
}

bool is_ascii(const std::string& text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); });
}

std::size_t longest_line(const std::string& text) {
    std::size_t out = 0;
    for (const auto line : split(text, '\n'))
        out = std::max(out, line.size());
    return out;
}

} // namespace

TEST_CASE("JSON is plain ASCII whatever the guest holds", "[session]") {
    const auto json = to_json(sample());
    CHECK(is_ascii(json));
    CHECK(json.find("\"schema\": \"lifeboat/1\"") != std::string::npos);
    CHECK(json.find("\\u001b[2J") != std::string::npos);
    CHECK(json.find("\\ufffd") != std::string::npos); // the byte that is no UTF-8
}

TEST_CASE("only trouble is a finding; every answer is a check", "[session]") {
    const auto json = to_json(sample());
    const auto findings = json.find("\"findings\"");
    const auto checks = json.find("\"checks\"");
    REQUIRE(findings < checks);
    CHECK(json.find("linux.other") > checks);
    CHECK(json.find("\"repair\": \"linux.console\"") < checks);
    CHECK(json.find("it was dark") > checks);
}

TEST_CASE("an error is a document of its own", "[session]") {
    const auto json = to_json(Error{ErrorKind::refused, "disk", "hibernated", "shut it down"});
    CHECK(json == "{\n  \"schema\": \"lifeboat/1\",\n  \"kind\": \"error\",\n  \"error\": {\n"
                  "    \"kind\": \"refused\",\n    \"where\": \"disk\",\n"
                  "    \"what\": \"hibernated\",\n    \"next\": \"shut it down\",\n    \"option\": "
                  "\"\"\n  }\n}\n");
}

TEST_CASE("text for people fits a serial console and cannot drive it", "[session]") {
    auto inspection = sample();
    inspection.findings[0].evidence.push_back(std::string(60, 'a') + " " + std::string(60, 'b'));
    const auto diagnosis = diagnosis_text(inspection);
    const auto layout = layout_text(inspection.disks, inspection.guests);
    CHECK(longest_line(diagnosis) <= 79);
    CHECK(longest_line(layout) <= 79);
    CHECK(is_ascii(diagnosis));
    CHECK(is_ascii(layout));
    CHECK(layout.find("\\x1b[2J") != std::string::npos);
    CHECK(diagnosis.find("could not look: linux.other: it was dark") != std::string::npos);
    CHECK(diagnosis.find("1 critical") != std::string::npos);
}

TEST_CASE("a preview shows what a person must know before saying yes", "[session]") {
    Preview preview;
    preview.repairs.push_back({"win.x", "windows1", "Xen is left", {"Remove XENFILT"}});
    FileChangeInfo file;
    file.kind = "changed";
    file.path = "/Windows/System32/config/SYSTEM";
    file.volume = "disk 1, partition 2";
    file.registry = {
        {"SYSTEM", "ControlSet001\\Services\\xenvbd", "Start", "REG_DWORD 0", "REG_DWORD 4"},
        {"SYSTEM", "ControlSet001\\Services\\xenvbd", "Group", "REG_SZ \"a\"", ""}};
    preview.files.push_back(file);
    preview.blocks.push_back({"guest.img", 4, 16384});
    const auto text = preview_text(preview);
    CHECK(text == "windows1: Xen is left (win.x)\n"
                  "  - Remove XENFILT\n"
                  "\n"
                  "Files:\n"
                  "  changed /Windows/System32/config/SYSTEM (disk 1, partition 2)\n"
                  "      ControlSet001\\Services\\xenvbd\n"
                  "      - Start = REG_DWORD 0\n"
                  "      + Start = REG_DWORD 4\n"
                  "      - Group = REG_SZ \"a\"\n"
                  "Blocks on guest.img: 4 (16 KiB)\n");
    CHECK(preview_text({}) == "Nothing to change.\n");
}

TEST_CASE("the pages of the findings are in the program", "[session]") {
    const auto ids = finding_pages();
    REQUIRE_FALSE(ids.empty());
    CHECK(std::is_sorted(ids.begin(), ids.end()));
    for (const auto id : ids) {
        INFO(id);
        const auto page = finding_page(id);
        REQUIRE(page);
        CHECK(page->starts_with("# "));
    }
    CHECK_FALSE(finding_page("no.such-finding"));
}
