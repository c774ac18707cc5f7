// SPDX-License-Identifier: GPL-2.0-or-later
// /dev/fb0: what the boot loader or the firmware set up (vesafb, efifb); works where no DRM driver
// does.
#include "gui/platform.hpp"

#include <fcntl.h>
#include <linux/fb.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace lifeboat::gui {

namespace {

std::uint32_t channel(std::uint32_t pixel, int from, int bits) {
    const std::uint32_t value = (pixel >> from) & 0xff;
    return bits >= 8 ? value : value >> (8 - bits);
}

class FramebufferScreen final : public Screen {
public:
    FramebufferScreen(int fd, std::byte* map, const fb_fix_screeninfo& fixed,
                      const fb_var_screeninfo& shape)
        : fd_(fd), map_(map), fixed_(fixed),
          shape_(shape), layout_{static_cast<int>(shape.bits_per_pixel),
                                 static_cast<int>(shape.red.offset),
                                 static_cast<int>(shape.red.length),
                                 static_cast<int>(shape.green.offset),
                                 static_cast<int>(shape.green.length),
                                 static_cast<int>(shape.blue.offset),
                                 static_cast<int>(shape.blue.length)} {}
    ~FramebufferScreen() override {
        munmap(map_, fixed_.smem_len);
        close(fd_);
    }
    int width() const override { return static_cast<int>(shape_.xres); }
    int height() const override { return static_cast<int>(shape_.yres); }
    std::string name() const override {
        const std::string_view id(fixed_.id, sizeof(fixed_.id));
        return "fb:" + std::string(id.substr(0, id.find('\0')));
    }
    void show(const Picture& picture, std::span<const Rows> rows) override {
        const auto indent = static_cast<std::size_t>(shape_.xoffset) * shape_.bits_per_pixel / 8;
        for (const auto& part : rows)
            for (int y = part.first; y < part.first + part.count; ++y) {
                const auto line = static_cast<std::size_t>(y) + shape_.yoffset;
                store_row(picture.row(y), layout_, map_ + line * fixed_.line_length + indent);
            }
    }

private:
    int fd_;
    std::byte* map_;
    fb_fix_screeninfo fixed_;
    fb_var_screeninfo shape_;
    PixelLayout layout_;
};

// Whole rows of the visible part lie inside the mapped memory, in a format that store_row knows.
bool usable(const fb_fix_screeninfo& fixed, const fb_var_screeninfo& shape) {
    const auto bits = shape.bits_per_pixel;
    if (bits != 16 && bits != 24 && bits != 32)
        return false;
    const std::uint64_t row = (std::uint64_t{shape.xoffset} + shape.xres) * (bits / 8);
    const std::uint64_t rows = std::uint64_t{shape.yoffset} + shape.yres;
    return fixed.type == FB_TYPE_PACKED_PIXELS && shape.xres >= 640 && shape.yres >= 480 &&
           row <= fixed.line_length && rows * fixed.line_length <= fixed.smem_len;
}

} // namespace

void store_row(std::span<const std::uint32_t> row, const PixelLayout& layout, std::byte* out) {
    const int bytes = layout.bits / 8;
    for (const auto pixel : row) {
        const std::uint32_t value = channel(pixel, 16, layout.red_bits) << layout.red_at |
                                    channel(pixel, 8, layout.green_bits) << layout.green_at |
                                    channel(pixel, 0, layout.blue_bits) << layout.blue_at;
        for (int i = 0; i < bytes; ++i)
            *out++ = static_cast<std::byte>((value >> (8 * i)) & 0xff);
    }
}

Result<std::unique_ptr<Screen>> open_framebuffer(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(path, "opening", errno);
    fb_fix_screeninfo fixed{};
    fb_var_screeninfo shape{};
    if (ioctl(fd, FBIOGET_FSCREENINFO, &fixed) != 0 ||
        ioctl(fd, FBIOGET_VSCREENINFO, &shape) != 0 || !usable(fixed, shape)) {
        close(fd);
        return fail(ErrorKind::unsupported, path,
                    "not a framebuffer of 16, 24 or 32 bits and "
                    "640x480 or more");
    }
    void* map = mmap(nullptr, fixed.smem_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        const int number = errno;
        close(fd);
        return fail_errno(path, "mapping", number);
    }
    return std::make_unique<FramebufferScreen>(fd, static_cast<std::byte*>(map), fixed, shape);
}

Result<std::unique_ptr<Screen>> open_screen(int wait_milliseconds) {
    constexpr int kStep = 100;
    for (int waited = 0;; waited += kStep) {
        if (auto screen = open_drm())
            return screen;
        auto screen = open_framebuffer();
        if (screen || waited >= wait_milliseconds)
            return screen;
        std::this_thread::sleep_for(std::chrono::milliseconds(kStep));
    }
}

} // namespace lifeboat::gui
