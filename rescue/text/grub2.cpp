// SPDX-License-Identifier: GPL-2.0-or-later
// grub.cfg is a script. This is its lexical layer (GNU GRUB manual, "Shell-like scripting"): words,
// quotes, comments, line continuation, and blocks in braces. Nothing is executed.
#include "text/sites.hpp"

#include <optional>

namespace lifeboat::text {

namespace {

struct ScriptWord {
    std::size_t offset = 0;
    std::size_t length = 0;
};

class Scanner {
public:
    explicit Scanner(std::string_view file) : file_(file) {}

    std::vector<Site> run() {
        while (at_ < file_.size()) {
            const char c = file_[at_];
            if (c == '\n' || c == ';' || c == '{' || c == '}') {
                end_statement();
                // An initrd belongs to the kernel of its own block.
                if (c == '{' || c == '}')
                    open_entry_.reset();
                ++at_;
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '|' || c == '&' || c == '<' ||
                       c == '>') {
                ++at_;
            } else if (continuation() != 0) {
                at_ += continuation();
            } else if (c == '#') {
                while (at_ < file_.size() && file_[at_] != '\n')
                    ++at_;
            } else {
                read_word();
            }
        }
        end_statement();
        return std::move(sites_);
    }

private:
    [[nodiscard]] std::size_t continuation() const {
        const auto rest = file_.substr(at_);
        if (rest.substr(0, 2) == "\\\n")
            return 2;
        return rest.substr(0, 3) == "\\\r\n" ? 3 : 0;
    }

    void read_word() {
        const auto start = at_;
        char open = 0;
        for (; at_ < file_.size(); ++at_) {
            const char c = file_[at_];
            if (c == '\\' && open != '\'') {
                if (open == 0 && continuation() != 0)
                    break;
                if (at_ + 1 < file_.size())
                    ++at_;
            } else if (open != 0) {
                open = c == open ? '\0' : open;
            } else if (c == '\'' || c == '"') {
                open = c;
            } else if (c == '$' && at_ + 1 < file_.size() && file_[at_ + 1] == '{') {
                const auto close = file_.find('}', at_);
                broken_ = broken_ || close == std::string_view::npos;
                at_ = broken_ ? file_.size() - 1 : close;
            } else if (std::string_view(" \t\r\n;{}|&<>").find(c) != std::string_view::npos) {
                break;
            }
        }
        words_.push_back({start, at_ - start});
        // A quote that is never closed takes the rest of the file with it: not a statement.
        broken_ = broken_ || open != 0;
    }

    [[nodiscard]] std::string_view word(std::size_t index) const {
        return file_.substr(words_[index].offset, words_[index].length);
    }

    [[nodiscard]] std::size_t line_of(std::size_t offset) {
        for (; counted_ < offset; ++counted_)
            if (file_[counted_] == '\n')
                ++line_;
        return line_;
    }

    void end_statement() {
        if (words_.empty() || broken_)
            return;
        const auto command = word(0);
        if ((command == "linux" || command == "linux16" || command == "linuxefi") &&
            words_.size() > 1)
            add_kernel(command);
        else if (command == "set" && words_.size() > 1)
            add_variable(words_[1]);
        else if (command.substr(0, 6) == "initrd" && open_entry_)
            sites_[*open_entry_].has_initrd = true;
        words_.clear();
    }

    void add_kernel(std::string_view command) {
        Site site;
        site.offset = words_[1].offset + words_[1].length;
        site.length = words_.back().offset + words_.back().length - site.offset;
        site.line = line_of(words_[0].offset);
        site.quoting = Quoting::script;
        site.after_word = true;
        site.name = std::string(command);
        const auto text = file_.substr(site.offset, site.length);
        if (uses_kernelopts(text) || !is_linux_kernel(word(1), site.arguments(file_)))
            site.role = SiteRole::part;
        open_entry_ = sites_.size();
        sites_.push_back(std::move(site));
    }

    // set kernelopts="root=... ro": the fallback that RHEL 8 keeps beside grubenv.
    void add_variable(const ScriptWord& assignment) {
        constexpr std::string_view kName = "kernelopts=";
        const auto text = file_.substr(assignment.offset, assignment.length);
        if (text.substr(0, kName.size()) != kName || text.size() < kName.size() + 2)
            return;
        const char quote = text[kName.size()];
        if ((quote != '"' && quote != '\'') || text.back() != quote)
            return;
        Site site;
        site.offset = assignment.offset + kName.size() + 1;
        site.length = assignment.length - kName.size() - 2;
        site.line = line_of(assignment.offset);
        site.quoting = quote == '"' ? Quoting::in_double : Quoting::in_single;
        site.role = SiteRole::common;
        site.has_initrd = true;
        site.name = "kernelopts";
        sites_.push_back(std::move(site));
    }

    std::string_view file_;
    std::size_t at_ = 0;
    std::size_t counted_ = 0;
    std::size_t line_ = 1;
    std::vector<ScriptWord> words_;
    bool broken_ = false;
    std::vector<Site> sites_;
    std::optional<std::size_t> open_entry_;
};

} // namespace

std::vector<Site> grub2_sites(std::string_view file) { return Scanner(file).run(); }

} // namespace lifeboat::text
