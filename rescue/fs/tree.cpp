// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/tree.hpp"

#include "base/text.hpp"
#include "fs/path.hpp"

#include <algorithm>
#include <deque>

namespace lifeboat::fs {
namespace {

constexpr int kLinkLimit = 40;                // as the Linux kernel
constexpr std::size_t kComponentLimit = 4096; // names still to be walked, links included

std::string full_path(const std::vector<std::string>& parts) { return "/" + join(parts, "/"); }

// How many leading components of `parts` the mount point covers; nothing when it is elsewhere.
std::optional<std::size_t> covers(const Tree::Mount& mount, const std::vector<std::string>& parts,
                                  bool ignores_case) {
    const auto point = split_nonempty(mount.point, '/');
    if (point.size() > parts.size())
        return std::nullopt;
    for (std::size_t i = 0; i < point.size(); ++i)
        if (ignores_case ? !iequals(point[i], parts[i]) : point[i] != parts[i])
            return std::nullopt;
    return point.size();
}

// The deepest mount that holds `parts`, the last one mounted when there are several.
std::optional<Tree::Place> place_of(const Tree& tree, const std::vector<std::string>& parts) {
    std::optional<Tree::Place> best;
    std::size_t best_depth = 0;
    for (const auto& mount : tree.mounts()) {
        const auto depth = covers(mount, parts, tree.ignores_case());
        if (!depth || (best && *depth < best_depth))
            continue;
        const std::vector<std::string> inside(parts.begin() + static_cast<std::ptrdiff_t>(*depth),
                                              parts.end());
        best = Tree::Place{mount.fs, mount.volume, full_path(inside), full_path(parts)};
        best_depth = *depth;
    }
    return best;
}

enum class Last { follow, keep };

// Walks `path` component by component from the guest's root, so that neither ".." nor a link can
// lead out of it. Nothing when something on the way is missing; with Last::keep the last component
// itself need not exist.
class Walk {
public:
    explicit Walk(const Tree& tree) : tree_(tree) {}

    Result<std::optional<Tree::Place>> run(std::string_view path, Last last) {
        if (path.find('\0') != std::string_view::npos)
            return fail(ErrorKind::usage, printable(path), "the path holds a NUL byte");
        for (const auto part : split_nonempty(path, '/'))
            todo_.emplace_back(part);
        if (todo_.size() > kComponentLimit || path.size() > kPathLimit)
            return fail(ErrorKind::usage, printable(path.substr(0, 80)), "the path is too long");
        while (!todo_.empty()) {
            const std::string name = std::move(todo_.front());
            todo_.pop_front();
            LIFEBOAT_TRY(const bool found, step(name, last));
            if (!found)
                return std::optional<Tree::Place>();
        }
        return place_of(tree_, done_);
    }

private:
    Result<bool> step(const std::string& name, Last last) {
        if (name == ".")
            return true;
        if (name == "..") {
            if (!done_.empty())
                done_.pop_back();
            return true;
        }
        done_.push_back(name);
        const auto place = place_of(tree_, done_);
        if (!place)
            return false;
        if (place->path == "/") // a mount point: a directory whatever lies below it
            return true;
        LIFEBOAT_TRY(const auto node, place->fs->stat(place->path));
        if (!node)
            return last == Last::keep && todo_.empty();
        done_.back() = node->name; // as stored, also where case is ignored
        if (node->type == NodeType::symlink && (last == Last::follow || !todo_.empty()))
            return follow(*node, place->full);
        return todo_.empty() || node->type == NodeType::directory;
    }

    Result<bool> follow(const Node& link, const std::string& where) {
        if (++links_ > kLinkLimit)
            return fail(ErrorKind::damaged, where,
                        "more than 40 symbolic links one after the other");
        if (link.target.empty())
            return false;
        done_.pop_back();
        if (link.target.front() == '/')
            done_.clear();
        const auto parts = split_nonempty(link.target, '/');
        if (todo_.size() + parts.size() > kComponentLimit)
            return fail(ErrorKind::damaged, where, "symbolic links make the path too long");
        todo_.insert(todo_.begin(), parts.begin(), parts.end());
        return true;
    }

    const Tree& tree_;
    std::deque<std::string> todo_;
    std::vector<std::string> done_;
    int links_ = 0;
};

Result<Tree::Place> needed(Result<std::optional<Tree::Place>> found, std::string_view path) {
    if (!found)
        return fail(std::move(found).error());
    if (!*found)
        return fail(ErrorKind::not_found, printable(path), "there is no such file");
    return std::move(**found);
}

} // namespace

void Tree::mount(std::string point, std::string volume_name, FileSystemPtr fs) {
    mounts_.push_back(Mount{std::move(point), std::move(volume_name), std::move(fs)});
}

bool Tree::ignores_case() const { return !mounts_.empty() && mounts_.front().fs->ignores_case(); }

Result<Tree::Place> Tree::locate(std::string_view path) const {
    return needed(Walk(*this).run(path, Last::follow), path);
}

Result<Tree::Place> Tree::locate_parent(std::string_view path) const {
    return needed(Walk(*this).run(path, Last::keep), path);
}

Result<std::optional<Node>> Tree::stat(std::string_view path) const {
    LIFEBOAT_TRY(const auto place, Walk(*this).run(path, Last::follow));
    if (!place)
        return std::optional<Node>();
    return place->fs->stat(place->path);
}

Result<std::optional<Node>> Tree::lstat(std::string_view path) const {
    LIFEBOAT_TRY(const auto place, Walk(*this).run(path, Last::keep));
    if (!place)
        return std::optional<Node>();
    return place->fs->stat(place->path);
}

Result<bool> Tree::exists(std::string_view path) const {
    LIFEBOAT_TRY(const auto node, stat(path));
    return node.has_value();
}

Result<std::vector<Node>> Tree::list(std::string_view directory) const {
    LIFEBOAT_TRY(const auto place, locate(directory));
    return place.fs->list(place.path);
}

Result<Bytes> Tree::read(std::string_view path, std::uint64_t limit) const {
    LIFEBOAT_TRY(const auto place, locate(path));
    return place.fs->read(place.path, limit);
}

Result<Bytes> Tree::read_head(std::string_view path, std::uint64_t limit) const {
    LIFEBOAT_TRY(const auto place, locate(path));
    return place.fs->read_head(place.path, limit);
}

Result<std::optional<std::string>> Tree::read_text(std::string_view path,
                                                   std::uint64_t limit) const {
    LIFEBOAT_TRY(const auto place, Walk(*this).run(path, Last::follow));
    if (!place)
        return std::optional<std::string>();
    LIFEBOAT_TRY(const auto content, place->fs->read(place->path, limit));
    return std::optional<std::string>(to_text(content));
}

} // namespace lifeboat::fs
