// SPDX-License-Identifier: GPL-2.0-or-later
// modrename RELEASE PLATFORM IN OUT: copies one file of GRUB with the names of the table freed.
#include "base/bytes.hpp"
#include "modrename/rename.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace {

using namespace lifeboat;

Result<Bytes> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in)
        return fail(ErrorKind::io, path, "cannot be read");
    return to_bytes(text);
}

Result<void> run(const std::string& release, const std::string& platform, const std::string& from,
                 const std::string& to) {
    LIFEBOAT_TRY(const Bytes module, read_file(from));
    const std::string name = from.substr(from.find_last_of('/') + 1);
    LIFEBOAT_TRY(const auto renames, chainload::renames_for(release, platform, name));
    if (renames.empty())
        return fail(ErrorKind::unsupported, from, "nothing of it is in the table for this GRUB",
                    "look at the module, then extend chainload/modrename/table.cpp");
    const auto renamed = chainload::rename_strings(module, renames);
    if (!renamed)
        return fail(renamed.error().in(from));
    std::ofstream out(to, std::ios::binary | std::ios::trunc);
    const std::string text = to_text(*renamed);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out)
        return fail(ErrorKind::io, to, "cannot be written");
    return {};
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: modrename RELEASE PLATFORM IN OUT\n";
        return 2;
    }
    const auto done = run(argv[1], argv[2], argv[3], argv[4]);
    if (!done) {
        std::cerr << "modrename: " << done.error().text() << "\n";
        return done.error().kind == ErrorKind::io ? 4 : 3;
    }
    return 0;
}
