// SPDX-License-Identifier: GPL-2.0-or-later
// lifeboat_mkinitramfs OUT MANIFEST...: writes one uncompressed cpio archive of what the manifests
// list (format: cpio.hpp). Used by the build only.
#include "initramfs/cpio.hpp"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>

namespace {

using lifeboat::Result;

Result<void> run(int argc, char** argv) {
    std::string text;
    for (int i = 2; i < argc; ++i) {
        std::ifstream in(argv[i]);
        if (!in)
            return lifeboat::fail_errno(argv[i], "opening", errno);
        text.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        text += '\n';
    }
    LIFEBOAT_TRY(auto entries, lifeboat::bootmedia::parse_manifest(text));
    LIFEBOAT_TRY(auto ordered, lifeboat::bootmedia::in_order(std::move(entries)));
    LIFEBOAT_TRY(const auto bytes, lifeboat::bootmedia::archive(ordered));
    std::ofstream out(argv[1], std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out)
        return lifeboat::fail_errno(argv[1], "writing", errno);
    return {};
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::cerr << "usage: lifeboat_mkinitramfs OUT MANIFEST...\n";
        return 2;
    }
    if (const auto done = run(argc, argv); !done) {
        std::cerr << "lifeboat_mkinitramfs: " << done.error().text() << '\n';
        return 1;
    }
    return 0;
}
