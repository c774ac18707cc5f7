// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/predict_legacy.hpp"

#include "guest/boot_world.hpp"
#include "text/grub/legacy_menu.hpp"

namespace lifeboat::session {

namespace {

using text::grub::KernelKind;
using text::grub::LegacyEntry;
using text::grub::LegacyMenu;

// "hd0,0" as the world counts: "hd0,msdos1". Nothing for what GRUB 0.97 cannot have.
std::optional<std::string> device_of(std::string_view legacy) {
    const auto comma = legacy.find(',');
    if (comma == std::string_view::npos || comma + 1 >= legacy.size() ||
        legacy.size() > comma + 4 ||
        legacy.substr(comma + 1).find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    const auto number = std::stoi(std::string(legacy.substr(comma + 1))) + 1;
    return std::string(legacy.substr(0, comma)) + ",msdos" + std::to_string(number);
}

struct Place {
    std::string device; // as the world names it
    std::string path;
};

class Legacy {
public:
    explicit Legacy(guest::Machine& machine) : world_(machine, {}) {}

    Prediction run() {
        for (const auto place : kLegacyPlaces) {
            const auto device = device_of(place);
            for (const auto name : kLegacyNames) {
                const auto text = world_.read(*device, name);
                if (!text || text->empty())
                    continue;
                out_.candidates.push_back(
                    {"menu.lst", world_.volume_of(*device), std::string(name)});
                out_.files.push_back("(" + *device + ")" + std::string(name));
                out_.reasons.push_back("it is the first menu.lst or grub.conf in the order of the "
                                       "medium's places");
                follow(text::grub::read_legacy_menu(*text), *device);
                return finished();
            }
        }
        out_.result = PredictedResult::nothing;
        out_.reasons.emplace_back("no menu.lst or grub.conf is on the partitions that this medium "
                                  "looks at; try the medium grub2");
        return finished();
    }

private:
    Prediction finished() {
        out_.doubts.insert(out_.doubts.end(), world_.not_seen().begin(), world_.not_seen().end());
        return out_;
    }

    void follow(const LegacyMenu& menu, const std::string& device) {
        if (menu.entries.empty())
            return fails("the file has no entry");
        if (menu.saved)
            out_.doubts.emplace_back("the default is the one that was saved last, which is not "
                                     "looked up here; the first entry is taken");
        out_.key_needed = !menu.timeout || *menu.timeout < 0;
        std::vector<std::size_t> order{menu.chosen < menu.entries.size() ? menu.chosen : 0};
        if (!out_.key_needed)
            order.insert(order.end(), menu.fallback.begin(), menu.fallback.end());
        for (const auto number : order) {
            if (number >= menu.entries.size())
                break;
            out_.entry = {menu.entries[number].title};
            start(menu.entries[number], device);
            if (out_.result != PredictedResult::fails)
                return;
        }
    }

    void fails(std::string why) {
        out_.result = PredictedResult::fails;
        out_.reasons.push_back(std::move(why));
    }

    // "(hd0,0)/vmlinuz", or a path on the entry's root.
    std::optional<Place> locate(const std::string& name, const std::string& root) const {
        if (!name.starts_with("("))
            return Place{root, name};
        const auto close = name.find(')');
        if (close == std::string::npos)
            return std::nullopt;
        const auto device = device_of(name.substr(1, close - 1));
        return device ? std::optional(Place{*device, name.substr(close + 1)}) : std::nullopt;
    }

    void start(const LegacyEntry& entry, const std::string& device) {
        if (entry.asks_password) {
            out_.result = PredictedResult::waits;
            out_.reasons.emplace_back("the entry asks for a password");
            return;
        }
        const auto root = entry.root.empty() ? std::optional(device) : device_of(entry.root);
        if (entry.chainloads) {
            out_.result = PredictedResult::loader;
            out_.volume = root ? world_.volume_of(*root) : entry.root;
            return;
        }
        if (!root)
            return fails("root (" + entry.root +
                         ") is no partition: GRUB Legacy cannot use a "
                         "whole disk as a file system");
        const auto kernel = locate(entry.kernel, *root);
        if (entry.kernel.empty() || !kernel || !world_.stat(kernel->device, kernel->path))
            return fails("the kernel " + entry.kernel + " is not there");
        if (world_.kernel(kernel->device, kernel->path) != KernelKind::linux_)
            return fails("the kernel " + entry.kernel +
                         " cannot start on this machine: it is for Xen paravirtual guests only, "
                         "or no Linux kernel");
        if (entry.ramdisk) {
            const auto ramdisk = locate(*entry.ramdisk, *root);
            if (!ramdisk || !world_.stat(ramdisk->device, ramdisk->path))
                return fails("the initial ramdisk " + *entry.ramdisk + " is not there");
            out_.ramdisks = {"(" + ramdisk->device + ")" + ramdisk->path};
        }
        out_.result = PredictedResult::linux_;
        out_.volume = world_.volume_of(kernel->device);
        out_.path = kernel->path;
        out_.command_line = out_.original = entry.line;
        out_.reasons.emplace_back("GRUB Legacy cannot change the kernel line: console= and root= "
                                  "stay as the guest has them");
    }

    guest::BootWorld world_;
    Prediction out_;
};

} // namespace

Prediction predict_legacy(guest::Machine& machine, const PredictionRequest& request) {
    if (!request.uefi)
        return Legacy(machine).run();
    Prediction out;
    out.result = PredictedResult::nothing;
    out.reasons.emplace_back("this medium does not start under UEFI");
    return out;
}

} // namespace lifeboat::session
