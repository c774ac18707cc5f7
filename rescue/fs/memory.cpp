// SPDX-License-Identifier: GPL-2.0-or-later
// Files in memory with the same manners as the real file systems, for tests of the rooms above.
#include "base/text.hpp"
#include "fs/filesystem.hpp"
#include "fs/path.hpp"

#include <algorithm>
#include <map>

namespace lifeboat::fs {
namespace {

struct Entry {
    Node node;
    Bytes content;
    std::map<std::string, std::shared_ptr<Entry>> children; // key: see MemoryFileSystem::key
};
using EntryPtr = std::shared_ptr<Entry>;

class MemoryFileSystem final : public FileSystem {
public:
    explicit MemoryFileSystem(bool ignores_case) : ignores_case_(ignores_case) {
        root_ = std::make_shared<Entry>();
        root_->node = Node{"", NodeType::directory, 0, 0755, "", next_id_++};
    }

    [[nodiscard]] Kind kind() const override { return Kind::memory; }
    [[nodiscard]] bool ignores_case() const override { return ignores_case_; }
    [[nodiscard]] bool writable() const override { return true; }

    Result<std::optional<Node>> stat(std::string_view path) override {
        LIFEBOAT_TRY(const auto parts, path_components(path));
        const auto entry = find(parts);
        return entry ? std::optional<Node>(entry->node) : std::nullopt;
    }

    Result<std::vector<Node>> list(std::string_view directory) override {
        LIFEBOAT_TRY(const auto entry, existing(directory));
        if (entry->node.type != NodeType::directory)
            return fail(ErrorKind::usage, std::string(directory), "this is not a directory");
        std::vector<Node> nodes;
        for (const auto& [key, child] : entry->children)
            nodes.push_back(child->node);
        std::sort(nodes.begin(), nodes.end(),
                  [](const Node& a, const Node& b) { return a.name < b.name; });
        return nodes;
    }

    Result<Bytes> read(std::string_view path, std::uint64_t limit) override {
        LIFEBOAT_TRY(const auto entry, file(path));
        if (entry->content.size() > limit)
            return fail(ErrorKind::unsupported, std::string(path),
                        "the file is larger than the limit of " + human_size(limit));
        return entry->content;
    }

    Result<Bytes> read_head(std::string_view path, std::uint64_t limit) override {
        LIFEBOAT_TRY(const auto entry, file(path));
        const auto length = std::min<std::uint64_t>(limit, entry->content.size());
        return Bytes(entry->content.begin(),
                     entry->content.begin() + static_cast<std::ptrdiff_t>(length));
    }

    Result<void> replace(std::string_view path, ByteSpan content) override {
        LIFEBOAT_TRY(auto entry, file(path));
        set_content(*entry, content);
        return {};
    }

    Result<void> create(std::string_view path, ByteSpan content,
                        const NewFile& attributes) override {
        LIFEBOAT_TRY(auto entry, add(path, NodeType::file, attributes.mode));
        set_content(*entry, content);
        return {};
    }

    Result<void> make_directory(std::string_view path, const NewFile& attributes) override {
        LIFEBOAT_TRY(auto entry, add(path, NodeType::directory, attributes.mode));
        static_cast<void>(entry);
        return {};
    }

    Result<void> make_symlink(std::string_view path, std::string_view target) override {
        LIFEBOAT_TRY(auto entry, add(path, NodeType::symlink, 0777));
        entry->node.target = target;
        entry->node.size = target.size();
        return {};
    }

    Result<void> rename(std::string_view from, std::string_view to) override {
        LIFEBOAT_TRY(const auto source, split_parent(from));
        LIFEBOAT_TRY(const auto target, split_parent(to));
        LIFEBOAT_TRY(const auto entry, existing(from));
        LIFEBOAT_TRY(const auto old_parent, existing(source.parent));
        LIFEBOAT_TRY(const auto new_parent, parent_for(target));
        const auto other = new_parent->children.find(key(target.name));
        if (other != new_parent->children.end() && other->second != entry)
            return fail(ErrorKind::refused, std::string(to), "this exists already");
        if (contains(*entry, new_parent))
            return fail(ErrorKind::usage, std::string(to),
                        "a directory cannot be moved into itself");
        old_parent->children.erase(key(source.name));
        entry->node.name = target.name;
        new_parent->children[key(target.name)] = entry;
        return {};
    }

    Result<void> remove(std::string_view path) override {
        LIFEBOAT_TRY(const auto split, split_parent(path));
        LIFEBOAT_TRY(const auto entry, existing(path));
        if (!entry->children.empty())
            return fail(ErrorKind::refused, std::string(path), "the directory is not empty");
        LIFEBOAT_TRY(const auto parent, existing(split.parent));
        parent->children.erase(key(split.name));
        return {};
    }

    Result<void> close() override { return {}; }

private:
    [[nodiscard]] std::string key(std::string_view name) const {
        return ignores_case_ ? to_lower_ascii(name) : std::string(name);
    }

    [[nodiscard]] EntryPtr find(const std::vector<std::string>& parts) const {
        EntryPtr entry = root_;
        for (const auto& part : parts) {
            const auto child = entry->children.find(key(part));
            if (child == entry->children.end())
                return nullptr;
            entry = child->second;
        }
        return entry;
    }

    [[nodiscard]] Result<EntryPtr> existing(std::string_view path) const {
        LIFEBOAT_TRY(const auto parts, path_components(path));
        auto entry = find(parts);
        if (!entry)
            return fail(ErrorKind::not_found, std::string(path), "there is no such file");
        return entry;
    }

    [[nodiscard]] Result<EntryPtr> file(std::string_view path) const {
        LIFEBOAT_TRY(auto entry, existing(path));
        if (entry->node.type != NodeType::file)
            return fail(ErrorKind::usage, std::string(path), "this is not a regular file");
        return entry;
    }

    [[nodiscard]] Result<EntryPtr> parent_for(const ParentAndName& place) const {
        if (ignores_case_)
            LIFEBOAT_CHECK(check_windows_name(place.name));
        LIFEBOAT_TRY(auto parent, existing(place.parent));
        if (parent->node.type != NodeType::directory)
            return fail(ErrorKind::usage, place.parent, "this is not a directory");
        return parent;
    }

    [[nodiscard]] Result<EntryPtr> add(std::string_view path, NodeType type, std::uint32_t mode) {
        LIFEBOAT_TRY(const auto place, split_parent(path));
        LIFEBOAT_TRY(const auto parent, parent_for(place));
        if (parent->children.count(key(place.name)) != 0)
            return fail(ErrorKind::refused, std::string(path), "this exists already");
        auto entry = std::make_shared<Entry>();
        entry->node = Node{place.name, type, 0, ignores_case_ ? 0 : mode, "", next_id_++};
        parent->children[key(place.name)] = entry;
        return entry;
    }

    static void set_content(Entry& entry, ByteSpan content) {
        entry.content.assign(content.begin(), content.end());
        entry.node.size = content.size();
    }

    [[nodiscard]] static bool contains(const Entry& entry, const EntryPtr& wanted) {
        if (&entry == wanted.get())
            return true;
        return std::any_of(entry.children.begin(), entry.children.end(),
                           [&](const auto& child) { return contains(*child.second, wanted); });
    }

    bool ignores_case_;
    std::uint64_t next_id_ = 2; // as on ext, where the root directory is inode 2
    EntryPtr root_;
};

} // namespace

FileSystemPtr memory_filesystem(bool ignores_case) {
    return std::make_shared<MemoryFileSystem>(ignores_case);
}

} // namespace lifeboat::fs
