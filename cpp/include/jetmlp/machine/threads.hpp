// Threads that live for one call, and the way to interrupt what they do.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace jetmlp {

// What a long computation throws when the caller asked it to end.
class Interrupted : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

// Asks the caller now and then whether to go on. The question may be dear (Python's GIL), so it is
// put at most every 20 ms, and only by the thread that made this object.
class Interrupt {
  public:
    // wanted() returns true to end the computation; an empty function never does.
    explicit Interrupt(std::function<bool()> wanted = {});

    // Called often, from any thread. Throws Interrupted once the caller wants the end.
    void poll() {
        look();
        if (requested_.load(std::memory_order_relaxed)) {
            throw Interrupted();
        }
    }

    // The same where the work cannot be left half done: the next poll throws.
    void look();

  private:
    std::function<bool()> wanted_;
    std::thread::id owner_;
    std::chrono::steady_clock::time_point next_question_;
    std::atomic<bool> requested_{false};
};

// While it lives, the interrupt of this thread, for loops too deep to be handed it.
class Polling {
  public:
    explicit Polling(Interrupt& interrupt);
    ~Polling();
    Polling(const Polling&) = delete;
    Polling& operator=(const Polling&) = delete;

  private:
    Interrupt* before_;
};

// poll() and look() of this thread's interrupt; nothing where there is none.
void poll_here();
void look_here();

// A fixed number of threads, the caller among them, that share out numbered tasks. Which thread
// takes which task is left to chance, so a task must write only what belongs to it.
class Team {
  public:
    // At least one thread. All of them poll the interrupt, which has to outlive the team.
    Team(int n_threads, Interrupt& interrupt) : n_threads_(n_threads), interrupt_(interrupt) {}
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    [[nodiscard]] int n_threads() const { return n_threads_; }

    // task(index, member) for every index in [0, n_tasks); member in [0, n_threads) is the same for
    // no two tasks under way at once. Returns when all are done; what the first failing task threw
    // is thrown again. With `alone` the caller does them all. Threads start when first needed;
    // where the system gives no more, those that did start do all the tasks.
    void run(Index n_tasks, const std::function<void(Index index, int member)>& task,
             bool alone = false);

  private:
    void start_threads();
    void wait_for_others();
    void work(int member, std::uint32_t round);
    void take_tasks(int member);

    const std::function<void(Index, int)>* task_ = nullptr;
    Index n_tasks_ = 0;
    std::atomic<Index> next_task_{0};
    std::atomic<std::uint32_t> round_{0};    // advances when there is work
    std::atomic<std::uint32_t> at_work_{0};  // threads, the caller aside, not done with this round
    std::atomic<bool> failed_{false};
    std::exception_ptr failure_;
    bool ending_ = false;
    int n_threads_;
    Interrupt& interrupt_;
    bool started_ = false;
    unsigned forks_ = 0;  // of this process before, when the threads started
    std::unique_ptr<std::vector<std::thread>> threads_;  // none before they started
};

// Whether a computation that repeats is faster on its team or alone: on small tasks, or where other
// programs keep the processors busy, a team can be many times slower. Measured, not guessed: both
// ways give the same bytes, so the choice may change at any time.
class TeamChoice {
  public:
    // How to run next. Starts alone, then tries the team.
    [[nodiscard]] bool alone() const { return alone_; }

    // What a run cost, per unit of its work.
    void record(double seconds, double work);

  private:
    void decide();

    // Runs of a trial; its mean counts, not its best, because delays are what must show.
    static constexpr int warm_up_runs = 2;  // not counted: threads start or wake up
    static constexpr int trial_runs = 8;
    // A team that won is compared again after so many of its runs.
    static constexpr int runs_between_trials = 2000;
    // A team that lost is tried again once what the trial cost is this small a part of the time.
    static constexpr double affordable = 0.02;
    // But not before the time of so many trials alone.
    static constexpr double shortest_wait = 100.0;
    // A settled team may be this many times as slow as alone: a smaller difference is noise.
    static constexpr double tolerated = 1.05;

    bool alone_ = true;
    bool settled_ = false;     // otherwise this is a trial
    int runs_ = 0;             // of the present trial or settlement
    double seconds_ = 0.0;     // likewise
    double work_ = 0.0;        // likewise
    double cost_alone_ = 0.0;  // seconds per unit of work, as last measured
    double wait_ = 0.0;        // seconds alone until the team is tried again
};

// What a computation runs on: threads, and a way out.
struct Execution {
    explicit Execution(int n_threads, std::function<bool()> end_wanted = {})
        : interrupt(std::move(end_wanted)), polling(interrupt), team(n_threads, interrupt) {}

    Interrupt interrupt;
    Polling polling;  // of the thread that made this
    Team team;
};

}  // namespace jetmlp
