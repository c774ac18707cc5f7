// SPDX-License-Identifier: GPL-2.0-or-later
// `test`, and regular expressions.
#include "text/grub/run.hpp"

#include <regex.h>

#include <array>
#include <charconv>

namespace lifeboat::text::grub {

namespace {

using Stat = std::function<std::optional<FileFacts>(std::string_view)>;

long long number(std::string_view text) {
    long long out = 0;
    if (!text.empty() && text.front() == '+')
        text.remove_prefix(1);
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::optional<bool> compare(std::string_view a, std::string_view op, std::string_view b) {
    if (op == "=" || op == "==")
        return a == b;
    if (op == "!=")
        return a != b;
    if (op == "<")
        return a < b;
    if (op == "<=")
        return a <= b;
    if (op == ">")
        return a > b;
    if (op == ">=")
        return a >= b;
    if (op == "-eq")
        return number(a) == number(b);
    if (op == "-ne")
        return number(a) != number(b);
    if (op == "-lt")
        return number(a) < number(b);
    if (op == "-le")
        return number(a) <= number(b);
    if (op == "-gt")
        return number(a) > number(b);
    if (op == "-ge")
        return number(a) >= number(b);
    return std::nullopt;
}

class Test {
public:
    Test(const std::vector<std::string>& words, const Stat& stat) : words_(words), stat_(stat) {}

    bool any() {
        bool result = all();
        while (is("-o")) {
            ++at_;
            result = all() || result;
        }
        return result;
    }
    [[nodiscard]] bool done() const { return at_ == words_.size() && !strange_; }

private:
    [[nodiscard]] bool is(std::string_view word) const {
        return at_ < words_.size() && words_[at_] == word;
    }

    bool all() {
        bool result = one();
        while (is("-a")) {
            ++at_;
            result = one() && result;
        }
        return result;
    }

    bool one() {
        if (at_ >= words_.size() || ++depth_ > 50)
            return false;
        if (at_ + 2 < words_.size())
            if (const auto result = compare(words_[at_], words_[at_ + 1], words_[at_ + 2])) {
                at_ += 3;
                return *result;
            }
        if (is("!")) {
            ++at_;
            return !one();
        }
        if (is("(")) {
            ++at_;
            const bool result = any();
            strange_ = strange_ || !is(")");
            ++at_;
            return result;
        }
        if (at_ + 1 < words_.size())
            if (const auto result = unary(words_[at_], words_[at_ + 1])) {
                at_ += 2;
                return *result;
            }
        return !words_[at_++].empty();
    }

    std::optional<bool> unary(std::string_view op, const std::string& value) const {
        if (op == "-n")
            return !value.empty();
        if (op == "-z")
            return value.empty();
        if (op == "-e")
            return stat_(value).has_value();
        if (op == "-d" || op == "-f" || op == "-s") {
            const auto facts = stat_(value);
            if (op == "-s")
                return facts && facts->size > 0;
            return facts && facts->directory == (op == "-d");
        }
        return std::nullopt;
    }

    const std::vector<std::string>& words_;
    const Stat& stat_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool strange_ = false;
};

constexpr std::size_t kLongestExpression = 300;
constexpr std::size_t kLongestText = 8U << 10;

// Back references and counted repeats can cost time without measure.
bool too_costly(std::string_view expression) {
    int counted = 0;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        const char c = expression[i];
        const char next = i + 1 < expression.size() ? expression[i + 1] : '\0';
        if (c == '\\' && next >= '1' && next <= '9')
            return true;
        if (c == '\\')
            ++i;
        else if (c == '{' && ++counted > 0)
            return true;
    }
    return expression.size() > kLongestExpression;
}

} // namespace

Result<bool> evaluate_test(const std::vector<std::string>& arguments, const Stat& stat) {
    if (arguments.empty())
        return false;
    Test test(arguments, stat);
    const bool result = test.any();
    if (!test.done())
        return fail(ErrorKind::unsupported, "", "a condition has a form that is not known here");
    return result;
}

Result<std::optional<std::vector<std::string>>> match(const std::string& expression,
                                                      const std::string& text) {
    if (too_costly(expression) || text.size() > kLongestText)
        return fail(ErrorKind::unsupported, "", "a regular expression would be too costly");
    regex_t compiled;
    if (regcomp(&compiled, expression.c_str(), REG_EXTENDED) != 0)
        return fail(ErrorKind::damaged, "", "a regular expression is not valid");
    std::array<regmatch_t, 10> found{};
    const int status = regexec(&compiled, text.c_str(), found.size(), found.data(), 0);
    regfree(&compiled);
    if (status == REG_NOMATCH)
        return std::optional<std::vector<std::string>>();
    if (status != 0)
        return fail(ErrorKind::unsupported, "", "a regular expression could not be tried");
    std::vector<std::string> out;
    for (const auto& part : found)
        out.push_back(part.rm_so < 0
                          ? std::string()
                          : text.substr(static_cast<std::size_t>(part.rm_so),
                                        static_cast<std::size_t>(part.rm_eo - part.rm_so)));
    return std::optional(std::move(out));
}

} // namespace lifeboat::text::grub
