// SPDX-License-Identifier: GPL-2.0-or-later
// SDL2's software renderer on a surface in memory: no window, no video driver.
#include "gui/platform.hpp"

#include <imgui.h>

#include <imgui_impl_sdlrenderer2.h>
#include <SDL.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace lifeboat::gui {

namespace {

struct FreeSurface {
    void operator()(SDL_Surface* surface) const { SDL_FreeSurface(surface); }
};
struct FreeRenderer {
    void operator()(SDL_Renderer* renderer) const { SDL_DestroyRenderer(renderer); }
};

class SdlPainter final : public Painter {
public:
    SdlPainter(SDL_Surface* surface, SDL_Renderer* renderer)
        : surface_(surface), renderer_(renderer) {
        picture_.width = surface->w;
        picture_.height = surface->h;
        picture_.pixels.resize(static_cast<std::size_t>(surface->w) *
                               static_cast<std::size_t>(surface->h));
        ImGui_ImplSDLRenderer2_Init(renderer);
        ImGui_ImplSDLRenderer2_NewFrame(); // makes the font's texture
    }
    ~SdlPainter() override { ImGui_ImplSDLRenderer2_Shutdown(); }

    std::vector<Rows> paint() override {
        SDL_SetRenderDrawColor(renderer_.get(), 0, 0, 0, 255);
        SDL_RenderClear(renderer_.get());
        ImGui_ImplSDLRenderer2_RenderDrawData(ImGui::GetDrawData());
        SDL_RenderFlush(renderer_.get());
        return take_rows();
    }

    const Picture& picture() const override { return picture_; }

private:
    // Copies the rows that changed out of the surface.
    std::vector<Rows> take_rows() {
        std::vector<Rows> out;
        const auto* from = static_cast<const std::byte*>(surface_->pixels);
        const auto width = static_cast<std::size_t>(picture_.width);
        const auto pitch = static_cast<std::size_t>(surface_->pitch);
        for (int y = 0; y < picture_.height; ++y) {
            const auto* source = from + static_cast<std::size_t>(y) * pitch;
            auto* target = picture_.pixels.data() + static_cast<std::size_t>(y) * width;
            if (!first_ && std::memcmp(source, target, width * 4) == 0)
                continue;
            std::memcpy(target, source, width * 4);
            if (!out.empty() && out.back().first + out.back().count == y)
                ++out.back().count;
            else
                out.push_back({y, 1});
        }
        first_ = false;
        return out;
    }

    std::unique_ptr<SDL_Surface, FreeSurface> surface_;
    std::unique_ptr<SDL_Renderer, FreeRenderer> renderer_; // before the surface goes
    Picture picture_;
    bool first_ = true;
};

} // namespace

Result<std::unique_ptr<Painter>> Painter::make(int width, int height) {
    auto* surface = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_RGB888);
    if (!surface)
        return fail(ErrorKind::io, "screen",
                    std::string("no memory for a picture: ") + SDL_GetError());
    auto* renderer = SDL_CreateSoftwareRenderer(surface);
    if (!renderer) {
        SDL_FreeSurface(surface);
        return fail(ErrorKind::io, "screen", std::string("no renderer: ") + SDL_GetError());
    }
    return std::make_unique<SdlPainter>(surface, renderer);
}

Result<void> save_ppm(const Picture& picture, const std::string& path) {
    std::ofstream out(path, std::ios::binary);
    out << "P6\n" << picture.width << ' ' << picture.height << "\n255\n";
    for (const auto pixel : picture.pixels) {
        out.put(static_cast<char>((pixel >> 16) & 0xff));
        out.put(static_cast<char>((pixel >> 8) & 0xff));
        out.put(static_cast<char>(pixel & 0xff));
    }
    out.close();
    if (!out)
        return fail(ErrorKind::io, path, "the picture could not be written");
    return {};
}

} // namespace lifeboat::gui
