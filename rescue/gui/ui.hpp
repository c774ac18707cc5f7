// SPDX-License-Identifier: GPL-2.0-or-later
// Widgets with stable names. Every widget drawn is recorded with its place, so that tests and the
// test driver of the rescue medium click at names and not at pixels. Knows Dear ImGui, in its .cpp
// files only; knows no disk and no screen.
#pragma once

#include "gui/input.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::gui {

struct Widget {
    std::string id;
    float x = 0, y = 0, width = 0, height = 0; // pixels of the screen
    bool enabled = true;
    bool focused = false;
    bool visible = true; // not scrolled out of its panel
    bool panel = false;  // a frame around others
};

// What a text or badge means; always said in words as well, never by colour alone.
enum class Tone { normal, dim, good, info, warning, critical, added, removed };
enum class Font { text, bold, title, mono };
enum class Look { normal, primary, danger };

struct Box {
    float x = 0, y = 0, width = 0, height = 0;
};

class Ui {
public:
    // The fonts are drawn here, once: the costly part of a start.
    Ui();
    ~Ui();
    Ui(const Ui&) = delete;
    Ui& operator=(const Ui&) = delete;

    // -- frames ------------------------------------------------------------------------------
    void feed(const InputEvent& event);
    void begin(float width, float height, double seconds_since_last, bool high_contrast);
    void end(); // what to draw is ready for the renderer
    // True while input waits for another frame, or something has still to settle.
    [[nodiscard]] bool unsettled() const;
    [[nodiscard]] float width() const { return width_; }
    [[nodiscard]] float height() const { return height_; }
    [[nodiscard]] std::span<const Widget> widgets() const { return widgets_; }
    [[nodiscard]] const Widget* find(std::string_view id) const;

    // True once per press; the key then does nothing else.
    [[nodiscard]] bool pressed(InputKey key);

    // The page changed: `focus` gets the keyboard as soon as it is drawn.
    void new_page(std::string_view focus);

    // -- surroundings ------------------------------------------------------------------------
    // A framed area; widgets until end_panel() lie in it. It scrolls when they do not fit; with
    // height 0 it is as high as they are.
    void begin_panel(std::string_view id, const Box& box, std::string_view title = {});
    void end_panel();
    // A panel that PgUp, PgDn, Home and End scroll: always (one on a page), or while something in
    // it has the keyboard.
    enum class Keys { always, when_focused };
    void begin_document(std::string_view id, const Box& box, std::string_view title = {},
                        Keys keys = Keys::always);
    void end_document();
    void band(const Box& box); // header and footer
    void text_at(float x, float y, std::string_view text, Tone tone = Tone::normal,
                 Font font = Font::text);
    [[nodiscard]] float text_width(std::string_view text, Font font = Font::text) const;
    void place(float x, float y); // where the next widget goes, pixels of the screen
    void beside();                // the next widget goes to the right of the last

    // -- widgets -----------------------------------------------------------------------------
    void text(std::string_view text, Tone tone = Tone::normal, Font font = Font::text);
    void line(std::string_view text, Tone tone = Tone::normal, Font font = Font::mono); // unwrapped
    void gap(float pixels);
    void rule();
    void badge(std::string_view word, Tone tone);
    [[nodiscard]] bool button(std::string_view id, std::string_view label, Look look = Look::normal,
                              bool enabled = true);
    // True when it was changed; the caller changes the value.
    [[nodiscard]] bool checkbox(std::string_view id, std::string_view label, bool value,
                                bool enabled = true);
    struct Row {
        std::string_view badge; // no badge when empty
        Tone tone = Tone::normal;
        std::string_view title;
        std::string_view detail; // second line; none when empty
        bool selected = false;
    };
    [[nodiscard]] bool row(std::string_view id, const Row& row);
    void bar(std::string_view id, double fraction, std::string_view text); // negative: not known

private:
    struct State;
    void record(std::string_view id, bool enabled, bool panel = false);
    std::unique_ptr<State> state_;
    std::vector<Widget> widgets_;
    float width_ = 0, height_ = 0;
};

} // namespace lifeboat::gui
