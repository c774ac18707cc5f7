// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/result.hpp"

#include <cerrno>
#include <system_error>

namespace lifeboat {

std::string Error::text() const {
    std::string out;
    if (!where.empty()) {
        out += where;
        out += ": ";
    }
    out += what;
    if (!next.empty()) {
        out += " (";
        out += next;
        out += ")";
    }
    return out;
}

Error Error::in(std::string_view outer) const {
    Error seen = *this;
    seen.where = where.empty() ? std::string(outer) : std::string(outer) + ", " + where;
    return seen;
}

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::refused: return "refused";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::damaged: return "damaged";
    case ErrorKind::io: return "io";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::internal: return "internal";
    }
    return "internal";
}

tl::unexpected<Error> fail_errno(std::string where, std::string doing, int number) {
    std::string next;
    if (number == EACCES || number == EPERM)
        next = "check the permissions, or run as a user who may read and write it";
    else if (number == ENOENT)
        next = "check the name";
    else if (number == ENOSPC)
        next = "free some space and try again; nothing was half written";
    return fail(ErrorKind::io, std::move(where),
                std::move(doing) + ": " + std::generic_category().message(number), std::move(next));
}

} // namespace lifeboat
