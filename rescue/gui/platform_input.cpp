// SPDX-License-Identifier: GPL-2.0-or-later
// Finds and reads the devices of /dev/input, without udev: a scan, then inotify.
#include "gui/platform.hpp"
#include "gui/platform_evdev.hpp"

#include <fcntl.h>
#include <linux/input.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>

namespace lifeboat::gui {

namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0)
            close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

constexpr std::size_t kWordBits = 8 * sizeof(unsigned long);
template <std::size_t Count> using Bits = std::array<unsigned long, Count / kWordBits + 1>;

template <std::size_t Count> bool has(const Bits<Count>& bits, std::size_t number) {
    return (bits[number / kWordBits] >> (number % kWordBits)) & 1;
}

Axis axis_of(int fd, unsigned code) {
    input_absinfo info{};
    if (ioctl(fd, EVIOCGABS(code), &info) != 0)
        return {};
    return {info.minimum, info.maximum};
}

// What the device is good for; nothing when it is neither keyboard nor pointer.
std::string kind_of(int fd) {
    Bits<EV_MAX> types{};
    Bits<KEY_MAX> keys{};
    ioctl(fd, EVIOCGBIT(0, sizeof(types)), types.data());
    ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys.data());
    if (!has<EV_MAX>(types, EV_KEY))
        return {};
    const bool pointer = has<KEY_MAX>(keys, BTN_LEFT) || has<KEY_MAX>(keys, BTN_TOUCH);
    if (pointer && has<EV_MAX>(types, EV_ABS))
        return "tablet";
    if (pointer && has<EV_MAX>(types, EV_REL))
        return "mouse";
    return has<KEY_MAX>(keys, KEY_ENTER) ? "keyboard" : "";
}

std::string name_of(int fd) {
    std::array<char, 128> name{};
    if (ioctl(fd, EVIOCGNAME(name.size() - 1), name.data()) < 0)
        return "unnamed";
    return name.data();
}

class EvdevInput final : public Input {
public:
    EvdevInput(int width, int height, std::string folder)
        : folder_(std::move(folder)), watch_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        pointer_.width = static_cast<float>(width);
        pointer_.height = static_cast<float>(height);
        pointer_.x = pointer_.width / 2;
        pointer_.y = pointer_.height / 2;
        if (watch_.get() >= 0)
            inotify_add_watch(watch_.get(), folder_.c_str(), IN_CREATE | IN_ATTRIB);
        scan();
    }

    std::vector<int> descriptors() const override {
        std::vector<int> out;
        if (watch_.get() >= 0)
            out.push_back(watch_.get());
        for (const auto& [path, device] : devices_)
            out.push_back(device.fd.get());
        return out;
    }

    std::vector<InputEvent> read() override {
        std::vector<InputEvent> out;
        if (something_appeared())
            scan();
        for (auto at = devices_.begin(); at != devices_.end();) {
            if (read_device(at->second, out)) {
                ++at;
            } else {
                at->second.state.release_all(out);
                at = devices_.erase(at);
            }
        }
        return out;
    }

    std::vector<std::string> new_devices() override { return std::exchange(new_, {}); }

private:
    struct Device {
        Descriptor fd;
        DeviceState state;
    };

    bool something_appeared() const {
        if (watch_.get() < 0)
            return false;
        alignas(inotify_event) std::array<char, 4096> buffer;
        bool out = false;
        while (::read(watch_.get(), buffer.data(), buffer.size()) > 0)
            out = true;
        return out;
    }

    void scan() {
        std::error_code error;
        for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
             at.increment(error)) {
            const auto name = at->path().filename().string();
            if (name.starts_with("event") && devices_.count(name) == 0)
                add(name);
        }
    }

    void add(const std::string& name) {
        Descriptor fd(::open((folder_ + "/" + name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (fd.get() < 0)
            return;
        const auto kind = kind_of(fd.get());
        if (kind.empty())
            return;
        ioctl(fd.get(), EVIOCGRAB, 1); // the kernel's console hears nothing of it
        new_.push_back(name + " " + name_of(fd.get()) + " (" + kind + ")");
        DeviceState state(axis_of(fd.get(), ABS_X), axis_of(fd.get(), ABS_Y));
        devices_.emplace(name, Device{std::move(fd), std::move(state)});
    }

    // False when the device is gone.
    bool read_device(Device& device, std::vector<InputEvent>& out) {
        std::array<input_event, 64> events;
        for (;;) {
            const auto count = ::read(device.fd.get(), events.data(), sizeof(events));
            if (count < 0)
                return errno == EAGAIN || errno == EINTR;
            if (count == 0)
                return false;
            const auto whole = static_cast<std::size_t>(count) / sizeof(input_event);
            for (std::size_t i = 0; i < whole; ++i)
                device.state.take(events[i].type, events[i].code, events[i].value, pointer_, out);
        }
    }

    std::string folder_;
    Descriptor watch_;
    std::map<std::string, Device> devices_;
    std::vector<std::string> new_;
    Pointer pointer_;
};

} // namespace

std::unique_ptr<Input> Input::open(int width, int height, const std::string& folder) {
    return std::make_unique<EvdevInput>(width, height, folder);
}

} // namespace lifeboat::gui
