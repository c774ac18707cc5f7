// SPDX-License-Identifier: GPL-2.0-or-later
#include "files.hpp"

#include <fstream>
#include <iterator>

namespace lifeboat::chainload {

Result<Bytes> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in)
        return fail(ErrorKind::io, path, "cannot be read");
    return to_bytes(text);
}

Result<void> write_file(const std::string& path, ByteSpan content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    const std::string text = to_text(content);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out)
        return fail(ErrorKind::io, path, "cannot be written");
    return {};
}

} // namespace lifeboat::chainload
