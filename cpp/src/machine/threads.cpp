#include "machine/subnormals.hpp"

#include <jetmlp/machine/threads.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace jetmlp {

namespace {

constexpr std::chrono::milliseconds question_interval{20};  // what the header promises

// Whether it is done within a moment. A step of training takes tens of microseconds, waking a
// sleeping thread about as many: so look for a moment before sleeping. A pause takes 10 to 140
// cycles, by the processor: 2000 of them some 10 to 100 µs.
template <class Done>
bool spin_until(const Done& done) {
    for (int look = 0; look < 2000; ++look) {
        if (done()) {
            return true;
        }
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    return false;
}

void wait_while_equal(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
    if (!spin_until([&] { return value.load(std::memory_order_acquire) != old; })) {
        value.wait(old, std::memory_order_acquire);
    }
}

// How many forks lie between the first process and this one. A child has no thread but the one that
// forked: a team that it inherits, from above a callback, has lost its threads.
std::atomic<unsigned> n_forks{0};

void count_forks() {
#if defined(__unix__) || defined(__APPLE__)
    [[maybe_unused]] static const int registered =
        pthread_atfork(nullptr, nullptr, [] { n_forks.fetch_add(1, std::memory_order_relaxed); });
#endif
}

}  // namespace

Interrupt::Interrupt(std::function<bool()> wanted)
    : wanted_(std::move(wanted)),
      owner_(std::this_thread::get_id()),
      next_question_(std::chrono::steady_clock::now() + question_interval) {}

void Interrupt::look() {
    if (wanted_ && std::this_thread::get_id() == owner_) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_question_) {
            next_question_ = now + question_interval;
            const KeepSubnormals handlers_of_signals;
            if (wanted_()) {
                requested_.store(true, std::memory_order_relaxed);
            }
        }
    }
}

namespace {

thread_local Interrupt* interrupt_here = nullptr;

}  // namespace

Polling::Polling(Interrupt& interrupt) : before_(std::exchange(interrupt_here, &interrupt)) {}

Polling::~Polling() { interrupt_here = before_; }

void poll_here() {
    if (interrupt_here != nullptr) {
        interrupt_here->poll();
    }
}

void look_here() {
    if (interrupt_here != nullptr) {
        interrupt_here->look();
    }
}

Team::~Team() {
    if (!threads_) {
        return;
    }
    if (forks_ != n_forks.load(std::memory_order_relaxed)) {
        // Threads of the parent can be neither joined nor forgotten by their handles: those stay.
        [[maybe_unused]] const std::vector<std::thread>* const left = threads_.release();
        return;
    }
    ending_ = true;
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    for (std::thread& thread : *threads_) {
        thread.join();
    }
}

void Team::run(Index n_tasks, const std::function<void(Index, int)>& task, bool alone) {
    alone = alone || n_threads_ == 1 || n_tasks <= 1;
    if (!alone && !started_) {
        start_threads();
    }
    if (alone || !threads_ || threads_->empty() ||
        forks_ != n_forks.load(std::memory_order_relaxed)) {
        for (Index index = 0; index < n_tasks; ++index) {
            task(index, 0);
        }
        return;
    }
    task_ = &task;
    n_tasks_ = n_tasks;
    failed_.store(false, std::memory_order_relaxed);
    next_task_.store(0, std::memory_order_relaxed);
    at_work_.store(static_cast<std::uint32_t>(threads_->size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    take_tasks(0);
    wait_for_others();
    if (failed_.load(std::memory_order_relaxed)) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
}

// The others may be at a task for long: a wait that lasts is slept through in tenths of itself,
// with a look between them.
void Team::wait_for_others() {
    constexpr std::chrono::milliseconds short_wait{1};
    constexpr std::chrono::milliseconds longest_sleep{5};
    const auto done = [this] { return at_work_.load(std::memory_order_acquire) == 0; };
    if (spin_until(done)) {
        return;
    }
    const auto begin = std::chrono::steady_clock::now();
    while (!done()) {
        const auto waited = std::chrono::steady_clock::now() - begin;
        if (waited < short_wait) {
            std::this_thread::yield();
        } else {
            interrupt_.look();
            std::this_thread::sleep_for(
                std::min<std::chrono::nanoseconds>(waited / 10, longest_sleep));
        }
    }
}

void Team::start_threads() {
    started_ = true;
    count_forks();
    forks_ = n_forks.load(std::memory_order_relaxed);
    const std::uint32_t round = round_.load(std::memory_order_relaxed);
    try {
        threads_ = std::make_unique<std::vector<std::thread>>();
        threads_->reserve(static_cast<std::size_t>(n_threads_) - 1);
        for (int member = 1; member < n_threads_; ++member) {
            threads_->emplace_back([this, member, round] { work(member, round); });
        }
    } catch (const std::exception&) {
        return;  // a limit on threads, or no memory for one: those that are there do the work
    }
}

void Team::work(int member, std::uint32_t round) {
    const Polling polling(interrupt_);
    while (true) {
        wait_while_equal(round_, round);
        ++round;
        if (ending_) {
            return;
        }
        take_tasks(member);
        at_work_.fetch_sub(1, std::memory_order_acq_rel);
    }
}

void Team::take_tasks(int member) {
    for (Index index = next_task_.fetch_add(1, std::memory_order_relaxed); index < n_tasks_;
         index = next_task_.fetch_add(1, std::memory_order_relaxed)) {
        try {
            (*task_)(index, member);
        } catch (...) {
            if (!failed_.exchange(true, std::memory_order_relaxed)) {
                failure_ = std::current_exception();
            }
            next_task_.store(n_tasks_, std::memory_order_relaxed);
        }
    }
}

void TeamChoice::record(double seconds, double work) {
    ++runs_;
    if (!settled_ && runs_ <= warm_up_runs) {
        return;
    }
    seconds_ += seconds;
    work_ += work;
    bool over = runs_ >= warm_up_runs + trial_runs;
    if (settled_) {
        over = alone_ ? seconds_ >= wait_ : runs_ >= runs_between_trials;
    }
    // A settled team is judged by its last few runs: a program that has just begun to share its
    // processors slows it down at once, which a mean of all would not show for long.
    if (settled_ && !alone_ && runs_ % trial_runs == 0) {
        over = over || seconds_ > tolerated * cost_alone_ * work_;
        seconds_ = 0.0;
        work_ = 0.0;
    }
    if (over) {
        decide();
    }
}

void TeamChoice::decide() {
    if (settled_ && !alone_) {  // measure again, alone first
        settled_ = false;
        alone_ = true;
    } else if (alone_) {
        cost_alone_ = seconds_ / work_;
        settled_ = false;
        alone_ = false;
    } else if (seconds_ / work_ < cost_alone_) {
        settled_ = true;
    } else {
        // The trial lost its seconds less what its work takes alone. That is to be at most the part
        // `affordable` of the time until the next: wait ≥ loss / affordable. A loss near 0 may be
        // chance, so the wait is at least `shortest_wait` times what the trial takes alone.
        settled_ = true;
        alone_ = true;
        const double seconds_alone = cost_alone_ * work_;
        wait_ = std::max((seconds_ - seconds_alone) / affordable, shortest_wait * seconds_alone);
    }
    runs_ = 0;
    seconds_ = 0.0;
    work_ = 0.0;
}

}  // namespace jetmlp
