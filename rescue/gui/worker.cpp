// SPDX-License-Identifier: GPL-2.0-or-later
#include "gui/worker.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace lifeboat::gui {

namespace {

constexpr std::chrono::milliseconds kBetweenWakes{100};

// What the overview shows besides the inspection.
void look_for_kept(session::Engine& engine, Progress& progress, Finished& out) {
    auto kept = engine.kept(progress);
    if (kept)
        out.kept = std::move(*kept);
    else
        out.kept_error = std::move(kept).error();
}

void look_again(session::Engine& engine, Progress& progress, Finished& out) {
    auto inspection = engine.look(progress);
    if (inspection) {
        out.inspection = std::move(*inspection);
        look_for_kept(engine, progress, out);
    } else {
        out.look_error = std::move(inspection).error();
    }
}

// Stores the value of a result, or its error.
template <class T> void keep(Result<T> result, std::optional<T>& value, Finished& out) {
    if (result)
        value = std::move(*result);
    else
        out.error = std::move(result).error();
}

} // namespace

Finished run(session::Engine& engine, const Job& job, Progress& progress) {
    Finished out;
    out.work = job.work;
    switch (job.work) {
    case Work::none: break;
    case Work::look:
        keep(engine.look(progress), out.inspection, out);
        if (out.inspection)
            look_for_kept(engine, progress, out);
        break;
    case Work::stage:
        engine.discard();
        keep(engine.stage(job.choices, job.agreed, progress), out.preview, out);
        break;
    case Work::restore:
        engine.discard();
        keep(engine.stage_restore(job.restore, job.agreed, progress), out.preview, out);
        break;
    case Work::commit:
        keep(engine.commit(progress), out.commit, out);
        if (out.commit)
            look_again(engine, progress, out);
        break;
    case Work::undo:
        keep(engine.undo(job.undo_file, progress), out.commit, out);
        if (out.commit)
            look_again(engine, progress, out);
        break;
    }
    return out;
}

struct Worker::State final : Progress {
    State(session::Engine& engine, std::function<void()> wake)
        : engine_(engine), wake_(std::move(wake)),
          thread_([this](const std::stop_token& stop) { serve(stop); }) {}

    void report(std::string_view doing, double fraction) override {
        const auto now = std::chrono::steady_clock::now();
        {
            const std::lock_guard lock(mutex_);
            status_ = {std::string(doing), fraction};
            if (now - last_wake_ < kBetweenWakes)
                return;
            last_wake_ = now;
        }
        wake_();
    }

    bool cancelled() const override { return cancelled_; }

    void serve(const std::stop_token& stop) {
        for (;;) {
            Job job;
            {
                std::unique_lock lock(mutex_);
                if (!changed_.wait(lock, stop, [this] { return job_.has_value(); }))
                    return;
                job = *std::exchange(job_, std::nullopt);
                status_ = {};
            }
            auto finished = run(engine_, job, *this);
            {
                const std::lock_guard lock(mutex_);
                finished_ = std::move(finished);
            }
            wake_();
        }
    }

    session::Engine& engine_;
    std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<Job> job_;
    std::optional<Finished> finished_;
    Status status_;
    std::chrono::steady_clock::time_point last_wake_;
    std::atomic<bool> cancelled_ = false;
    std::jthread thread_; // last: it uses all of the above
};

Worker::Worker(session::Engine& engine, std::function<void()> wake)
    : state_(std::make_unique<State>(engine, std::move(wake))) {}

Worker::~Worker() { state_->cancelled_ = true; }

void Worker::start(Job job) {
    state_->cancelled_ = false;
    {
        const std::lock_guard lock(state_->mutex_);
        state_->job_ = std::move(job);
    }
    state_->changed_.notify_all();
}

void Worker::cancel() { state_->cancelled_ = true; }

Worker::Status Worker::status() const {
    const std::lock_guard lock(state_->mutex_);
    return state_->status_;
}

std::optional<Finished> Worker::take() {
    const std::lock_guard lock(state_->mutex_);
    return std::exchange(state_->finished_, std::nullopt);
}

} // namespace lifeboat::gui
