#include <jetmlp/machine/threads.hpp>

#include <algorithm>
#include <utility>

namespace jetmlp {

namespace {

constexpr std::chrono::milliseconds question_interval{20};  // what the header promises

// Waits until `value` is no longer `old`. A step of training takes tens of microseconds, waking a
// sleeping thread about as many: so look for a moment before sleeping. A pause takes 10 to 140
// cycles, by the processor: 2000 of them some 10 to 100 µs.
void wait_while_equal(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
    for (int look = 0; look < 2000; ++look) {
        if (value.load(std::memory_order_acquire) != old) {
            return;
        }
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    value.wait(old, std::memory_order_acquire);
}

}  // namespace

Interrupt::Interrupt(std::function<bool()> wanted)
    : wanted_(std::move(wanted)),
      owner_(std::this_thread::get_id()),
      next_question_(std::chrono::steady_clock::now() + question_interval) {}

void Interrupt::poll() {
    if (!wanted_) {
        return;
    }
    if (std::this_thread::get_id() == owner_) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_question_) {
            next_question_ = now + question_interval;
            if (wanted_()) {
                requested_.store(true, std::memory_order_relaxed);
            }
        }
    }
    if (requested_.load(std::memory_order_relaxed)) {
        throw Interrupted();
    }
}

Team::~Team() {
    ending_ = true;
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Team::run(Index n_tasks, const std::function<void(Index, int)>& task, bool alone) {
    if (alone || n_threads_ == 1 || n_tasks <= 1) {
        for (Index index = 0; index < n_tasks; ++index) {
            task(index, 0);
        }
        return;
    }
    while (static_cast<int>(threads_.size()) + 1 < n_threads_) {
        const int member = static_cast<int>(threads_.size()) + 1;
        const std::uint32_t round = round_.load(std::memory_order_relaxed);
        threads_.emplace_back([this, member, round] { work(member, round); });
    }
    task_ = &task;
    n_tasks_ = n_tasks;
    failed_.store(false, std::memory_order_relaxed);
    next_task_.store(0, std::memory_order_relaxed);
    at_work_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    take_tasks(0);
    for (std::uint32_t left = at_work_.load(std::memory_order_acquire); left != 0;
         left = at_work_.load(std::memory_order_acquire)) {
        wait_while_equal(at_work_, left);
    }
    if (failed_.load(std::memory_order_relaxed)) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
}

void Team::work(int member, std::uint32_t round) {
    while (true) {
        wait_while_equal(round_, round);
        ++round;
        if (ending_) {
            return;
        }
        take_tasks(member);
        at_work_.fetch_sub(1, std::memory_order_acq_rel);
        at_work_.notify_one();
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
