// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: a machine of files in memory, with our own boot stage on its memory disk.
#pragma once

#include "text/grub/run.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace lifeboat::test {

class GrubWorld final : public text::grub::World {
public:
    std::map<std::string, std::string> files; // "(hd0,msdos1)/boot/grub/grub.cfg"
    std::vector<std::string> names;           // devices
    std::map<std::string, std::string> uuids; // by device

    void put(const std::string& name, std::string content) {
        files[name] = std::move(content);
        const auto device = name.substr(1, name.find(')') - 1);
        if (device != "memdisk" && std::find(names.begin(), names.end(), device) == names.end())
            names.push_back(device);
    }

    void put_stage() {
        const auto folder = std::filesystem::path(LIFEBOAT_SOURCE_DIR) / "chainload/stage";
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::ifstream in(entry.path());
            put("(memdisk)/boot/grub/" + entry.path().filename().string(),
                {std::istreambuf_iterator<char>(in), {}});
        }
        put("(memdisk)/boot/grub/lazy.cfg", "set lb_lazy=\" lvm \"\n");
    }

    std::vector<std::string> devices() override { return names; }
    std::optional<text::grub::FileFacts> stat(std::string_view device,
                                              std::string_view path) override {
        const auto name = full(device, path);
        if (const auto at = files.find(name); at != files.end())
            return text::grub::FileFacts{false, at->second.size()};
        const auto folder = name.back() == '/' ? name : name + "/";
        for (const auto& [file, content] : files)
            if (file.starts_with(folder))
                return text::grub::FileFacts{true, 0};
        return std::nullopt;
    }
    std::optional<std::string> read(std::string_view device, std::string_view path) override {
        const auto at = files.find(full(device, path));
        return at == files.end() ? std::nullopt : std::optional(at->second);
    }
    std::vector<std::string> list(std::string_view device, std::string_view path) override {
        auto folder = full(device, path);
        if (folder.back() != '/')
            folder += "/";
        std::vector<std::string> out;
        for (const auto& [file, content] : files) {
            if (!file.starts_with(folder))
                continue;
            auto name = file.substr(folder.size());
            name = name.substr(0, name.find('/'));
            if (out.empty() || out.back() != name)
                out.push_back(name);
        }
        return out;
    }
    std::string probe(std::string_view device, text::grub::Probe what) override {
        const auto at = uuids.find(std::string(device));
        return what == text::grub::Probe::fs_uuid && at != uuids.end() ? at->second : "";
    }
    text::grub::KernelKind kernel(std::string_view, std::string_view) override {
        return text::grub::KernelKind::linux_;
    }
    void load_module(std::string_view) override {}
    std::string manufacturer() override { return "QEMU"; }
    std::vector<std::string> oem_strings() override { return {}; }

private:
    static std::string full(std::string_view device, std::string_view path) {
        return "(" + std::string(device) + ")" + std::string(path);
    }
};

} // namespace lifeboat::test
