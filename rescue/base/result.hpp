// SPDX-License-Identifier: GPL-2.0-or-later
// Errors are values that say where, what, and what to do next. Nothing here prints or exits.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lifeboat {

// Why something could not be done. The command line maps these to its exit codes (docs/json.md).
enum class ErrorKind {
    usage,       // the caller asked for something that makes no sense
    refused,     // we could, but it would not be safe: hibernated, dirty, in use, changed meanwhile
    unsupported, // a format or feature we do not know how to handle safely
    not_found,   // the named thing is not there
    damaged,     // the guest's data contradicts itself
    io,          // the operating system or the medium failed
    cancelled,   // the user asked to stop
    internal,    // a defect of ours
};

struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string where; // "disk.img, partition 2, \Windows\System32\config\SYSTEM"
    std::string what;  // one sentence, no full stop
    std::string next;  // what the user can do; empty when there is nothing to say
    // Of the command, with which it goes on all the same, at a price: "--replay-journal". Or empty.
    std::string option = {};

    bool operator==(const Error&) const = default;

    // "where: what (next)", for people.
    [[nodiscard]] std::string text() const;
    // The same error seen from further out: `outer` is put in front of `where`.
    [[nodiscard]] Error in(std::string_view outer) const;
};

// The short name used in JSON: "refused", "not_found", ...
[[nodiscard]] std::string_view to_string(ErrorKind kind);

template <class T> using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string where, std::string what,
                                                std::string next = {}) {
    return tl::unexpected<Error>(Error{kind, std::move(where), std::move(what), std::move(next)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}
// An `io` error from errno: "opening: No such file or directory".
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string where, std::string doing, int number);

} // namespace lifeboat

// LIFEBOAT_TRY(auto x, expression): x is the value, or the enclosing function returns the error.
// LIFEBOAT_CHECK(expression): the same for Result<void>.
#define LIFEBOAT_JOIN2(a, b) a##b
#define LIFEBOAT_JOIN(a, b) LIFEBOAT_JOIN2(a, b)
#define LIFEBOAT_TRY(declaration, ...)                                                             \
    auto LIFEBOAT_JOIN(lifeboat_try_, __LINE__) = (__VA_ARGS__);                                   \
    if (!LIFEBOAT_JOIN(lifeboat_try_, __LINE__))                                                   \
        return ::lifeboat::fail(std::move(LIFEBOAT_JOIN(lifeboat_try_, __LINE__)).error());        \
    declaration = std::move(*LIFEBOAT_JOIN(lifeboat_try_, __LINE__))
#define LIFEBOAT_CHECK(...)                                                                        \
    do {                                                                                           \
        if (auto lifeboat_check_ = (__VA_ARGS__); !lifeboat_check_)                                \
            return ::lifeboat::fail(std::move(lifeboat_check_).error());                           \
    } while (false)
