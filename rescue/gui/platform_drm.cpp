// SPDX-License-Identifier: GPL-2.0-or-later
// A DRM "dumb" buffer: works on every kernel graphics driver, without a GPU library.
#include "gui/platform.hpp"

#include <xf86drm.h>
#include <xf86drmMode.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lifeboat::gui {

namespace {

constexpr int kCards = 8;
constexpr std::uint32_t kWantedWidth = 1024;
constexpr std::uint32_t kWantedHeight = 768;
constexpr std::size_t kMostClips = 64; // DRM_MODE_FB_DIRTY_MAX_CLIPS is 256

struct FreeResources {
    void operator()(drmModeRes* it) const { drmModeFreeResources(it); }
};
struct FreeConnector {
    void operator()(drmModeConnector* it) const { drmModeFreeConnector(it); }
};
struct FreeEncoder {
    void operator()(drmModeEncoder* it) const { drmModeFreeEncoder(it); }
};
using Resources = std::unique_ptr<drmModeRes, FreeResources>;
using Connector = std::unique_ptr<drmModeConnector, FreeConnector>;
using Encoder = std::unique_ptr<drmModeEncoder, FreeEncoder>;

// 1024x768, else the mode the driver prefers, else the first.
const drmModeModeInfo& pick_mode(const drmModeConnector& connector) {
    const drmModeModeInfo* const begin = connector.modes;
    const auto* end = begin + connector.count_modes;
    const auto* at = std::find_if(begin, end, [](const auto& mode) {
        return mode.hdisplay == kWantedWidth && mode.vdisplay == kWantedHeight;
    });
    if (at == end)
        at = std::find_if(begin, end, [](const auto& mode) {
            return (mode.type & DRM_MODE_TYPE_PREFERRED) != 0;
        });
    return at == end ? *begin : *at;
}

// A CRTC that can drive the connector; 0 when there is none.
std::uint32_t pick_crtc(int fd, const drmModeRes& resources, const drmModeConnector& connector) {
    for (int e = 0; e < connector.count_encoders; ++e) {
        const Encoder encoder(drmModeGetEncoder(fd, connector.encoders[e]));
        for (int c = 0; encoder && c < resources.count_crtcs; ++c)
            if (encoder->possible_crtcs & (1U << c))
                return resources.crtcs[c];
    }
    return 0;
}

class DrmScreen final : public Screen {
public:
    explicit DrmScreen(int fd) : fd_(fd) {}
    ~DrmScreen() override {
        if (map_ != MAP_FAILED)
            munmap(map_, size_);
        if (buffer_ != 0)
            drmModeRmFB(fd_, buffer_);
        if (handle_ != 0) {
            drm_mode_destroy_dumb destroy{handle_};
            drmIoctl(fd_, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
        }
        close(fd_);
    }

    // True when the screen shows our buffer.
    bool start() {
        const Resources resources(drmModeGetResources(fd_));
        for (int i = 0; resources && i < resources->count_connectors; ++i) {
            const Connector connector(drmModeGetConnector(fd_, resources->connectors[i]));
            if (!connector || connector->connection == DRM_MODE_DISCONNECTED ||
                connector->count_modes == 0)
                continue;
            if (show_on(*resources, *connector))
                return true;
        }
        return false;
    }

    int width() const override { return mode_.hdisplay; }
    int height() const override { return mode_.vdisplay; }

    std::string name() const override {
        auto* version = drmGetVersion(fd_);
        std::string out = "drm";
        if (version && version->name)
            out += ":" + std::string(version->name, static_cast<std::size_t>(version->name_len));
        drmFreeVersion(version);
        return out;
    }

    void show(const Picture& picture, std::span<const Rows> rows) override {
        std::vector<drmModeClip> clips;
        for (const auto& part : rows) {
            for (int y = part.first; y < part.first + part.count; ++y)
                store_row(picture.row(y), layout_,
                          static_cast<std::byte*>(map_) + static_cast<std::size_t>(y) * pitch_);
            clips.push_back({0, static_cast<std::uint16_t>(part.first),
                             static_cast<std::uint16_t>(width()),
                             static_cast<std::uint16_t>(part.first + part.count)});
        }
        if (clips.size() > kMostClips) {
            clips.front().y2 = clips.back().y2;
            clips.resize(1);
        }
        // Drivers that scan out directly (bochs) answer ENOSYS: nothing to tell them, ever.
        if (dirty_ && !clips.empty() &&
            drmModeDirtyFB(fd_, buffer_, clips.data(), static_cast<std::uint32_t>(clips.size())) ==
                -ENOSYS)
            dirty_ = false;
    }

private:
    bool show_on(const drmModeRes& resources, const drmModeConnector& connector) {
        const auto crtc = pick_crtc(fd_, resources, connector);
        if (crtc == 0)
            return false;
        mode_ = pick_mode(connector);
        if (buffer_ == 0 && !make_buffer(32, 24) && !make_buffer(16, 16))
            return false;
        auto id = connector.connector_id;
        return drmModeSetCrtc(fd_, crtc, buffer_, 0, 0, &id, 1, &mode_) == 0;
    }

    bool make_buffer(std::uint32_t bits, std::uint8_t depth) {
        drm_mode_create_dumb create{};
        create.width = mode_.hdisplay;
        create.height = mode_.vdisplay;
        create.bpp = bits;
        if (drmIoctl(fd_, DRM_IOCTL_MODE_CREATE_DUMB, &create) != 0)
            return false;
        drm_mode_map_dumb map{};
        map.handle = create.handle;
        if (drmModeAddFB(fd_, create.width, create.height, depth, static_cast<std::uint8_t>(bits),
                         create.pitch, create.handle, &buffer_) != 0 ||
            drmIoctl(fd_, DRM_IOCTL_MODE_MAP_DUMB, &map) != 0)
            return drop_buffer(create.handle);
        map_ = mmap(nullptr, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                    static_cast<off_t>(map.offset));
        if (map_ == MAP_FAILED)
            return drop_buffer(create.handle);
        std::memset(map_, 0, create.size);
        handle_ = create.handle;
        size_ = create.size;
        pitch_ = create.pitch;
        if (bits == 16)
            layout_ = {16, 11, 5, 5, 6, 0, 5};
        return true;
    }

    bool drop_buffer(std::uint32_t handle) {
        if (buffer_ != 0)
            drmModeRmFB(fd_, buffer_);
        buffer_ = 0;
        drm_mode_destroy_dumb destroy{handle};
        drmIoctl(fd_, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
        return false;
    }

    int fd_;
    drmModeModeInfo mode_{};
    std::uint32_t buffer_ = 0, handle_ = 0;
    void* map_ = MAP_FAILED;
    std::size_t size_ = 0, pitch_ = 0;
    PixelLayout layout_;
    bool dirty_ = true;
};

} // namespace

Result<std::unique_ptr<Screen>> open_drm(const std::string& folder) {
    for (int i = 0; i < kCards; ++i) {
        const auto path = folder + "/card" + std::to_string(i);
        const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        auto screen = std::make_unique<DrmScreen>(fd);
        if (screen->start())
            return screen;
    }
    return fail(ErrorKind::not_found, folder, "no graphics device shows a picture");
}

} // namespace lifeboat::gui
