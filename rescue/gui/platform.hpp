// SPDX-License-Identifier: GPL-2.0-or-later
// The real screen, keyboard and pointer of a rescue console, without X, Mesa or udev. The
// platform_*.cpp files alone know SDL2 (its software renderer), DRM, framebuffer, evdev and VT.
#pragma once

#include "base/result.hpp"
#include "gui/input.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lifeboat::gui {

struct Rows {
    int first = 0, count = 0;
};

// A picture in memory, 32 bits a pixel: 0xXXRRGGBB.
struct Picture {
    int width = 0, height = 0;
    std::vector<std::uint32_t> pixels;

    [[nodiscard]] std::span<const std::uint32_t> row(int y) const {
        return std::span(pixels).subspan(static_cast<std::size_t>(y) *
                                             static_cast<std::size_t>(width),
                                         static_cast<std::size_t>(width));
    }
};

// Draws what Dear ImGui's current context wants into a picture. One per context.
class Painter {
public:
    [[nodiscard]] static Result<std::unique_ptr<Painter>> make(int width, int height);
    virtual ~Painter() = default;
    // After Ui::end(). Returns the rows that differ from the picture before, merged.
    [[nodiscard]] virtual std::vector<Rows> paint() = 0;
    [[nodiscard]] virtual const Picture& picture() const = 0;
};

// Something that shows a picture of its size.
class Screen {
public:
    virtual ~Screen() = default;
    [[nodiscard]] virtual int width() const = 0;
    [[nodiscard]] virtual int height() const = 0;
    [[nodiscard]] virtual std::string name() const = 0; // "drm:bochs-drm", "fb:EFI VGA"
    // Only whole rows: cirrus in Linux 6.1 shifts updates that do not start at column 0.
    virtual void show(const Picture& picture, std::span<const Rows> rows) = 0;
};

// The first screen of /dev/dri/card0 to card7 that works, in 1024x768 when it can do that.
[[nodiscard]] Result<std::unique_ptr<Screen>> open_drm(const std::string& folder = "/dev/dri");
[[nodiscard]] Result<std::unique_ptr<Screen>>
open_framebuffer(const std::string& path = "/dev/fb0");
// Either of them, waiting for a device to appear for so long.
[[nodiscard]] Result<std::unique_ptr<Screen>> open_screen(int wait_milliseconds);

// One pixel as a framebuffer with this layout wants it; the places are bit numbers.
struct PixelLayout {
    int bits = 32;
    int red_at = 16, red_bits = 8;
    int green_at = 8, green_bits = 8;
    int blue_at = 0, blue_bits = 8;
    bool operator==(const PixelLayout&) const = default;
};
// Stores a row of pixels at `out`, which has room for them.
void store_row(std::span<const std::uint32_t> row, const PixelLayout& layout, std::byte* out);

// All keyboards and pointers below /dev/input, also those that are plugged in later.
class Input {
public:
    [[nodiscard]] static std::unique_ptr<Input> open(int width, int height,
                                                     const std::string& folder = "/dev/input");
    virtual ~Input() = default;
    // To poll for reading; changes after every read().
    [[nodiscard]] virtual std::vector<int> descriptors() const = 0;
    // Never blocks.
    [[nodiscard]] virtual std::vector<InputEvent> read() = 0;
    // Devices opened since the last call: "event3 QEMU USB Tablet (tablet)".
    [[nodiscard]] virtual std::vector<std::string> new_devices() = 0;
};

// Takes the virtual terminal: the kernel draws no text and reads no keys while this lives. Without
// a terminal (a container, a test) nothing happens.
class Terminal {
public:
    explicit Terminal(const std::string& path = "/dev/tty0");
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

private:
    int fd_ = -1;
    int mode_ = 0, keyboard_ = 0; // before us
};

// Writes a binary PPM (netpbm).
[[nodiscard]] Result<void> save_ppm(const Picture& picture, const std::string& path);

} // namespace lifeboat::gui
