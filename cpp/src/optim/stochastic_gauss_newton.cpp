#include "least_squares/least_squares.hpp"
#include "linear_algebra/cholesky.hpp"
#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>
#include <jetmlp/optim/stochastic_gauss_newton.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

namespace {

// The damping is multiplied by this after an epoch whose loss rose, and divided after one whose
// loss fell, between what it was set to and so many times that.
constexpr double damping_factor = 4.0;
constexpr double most_damping = 256.0;
// Large steps let the loss rise for a while, and find better places by it. Where they do not: the
// fit ends after so many epochs in a row that stay above so many times the lowest loss.
constexpr Index most_epochs_above = 5;
constexpr double above = 1.5;
// The first steps are damped by 1, 0.95, 0.95², … where that is more: a network as it is drawn is
// linear over short steps only.
constexpr double warm_up_decay = 0.95;

}  // namespace

std::vector<Setting> StochasticGaussNewtonOptions::settings() {
    return {setting("damping", damping)};
}

std::unique_ptr<Optimizer<float>> StochasticGaussNewtonOptions::make_single(
    Index /*n_parameters*/) const {
    throw std::invalid_argument(
        "optimizer: expected a model of dtype='float64' for StochasticGaussNewton, got float32");
}

std::unique_ptr<Optimizer<double>> StochasticGaussNewtonOptions::make_double(
    Index /*n_parameters*/) const {
    return std::make_unique<StochasticGaussNewton>(*this);
}

struct StochasticGaussNewton::Workspace {
    Workspace(const Objective<double>& objective, Index batch_size)
        : problem(objective, batch_size),
          most_samples(batch_size),
          residuals(zeros_in_parts<Buffer<double>>(count_of(problem.layout().n_positions(), 1))),
          direction(zeros_in_parts<Buffer<double>>(count_of(problem.n_parameters(), 1))) {}

    LeastSquares problem;
    Index most_samples;
    Buffer<double> residuals;  // then what K⁻¹ makes of them
    Buffer<double> direction;
    SymmetricMatrix gram;
    Cholesky cholesky;
};

StochasticGaussNewton::StochasticGaussNewton(StochasticGaussNewtonOptions options)
    : options_(std::move(options)), damping_(options_.damping) {}
StochasticGaussNewton::~StochasticGaussNewton() = default;

void StochasticGaussNewton::check(const Objective<double>& objective) const {
    if (objective.weights().l2 > 0.0) {
        throw std::invalid_argument(
            "l2: expected 0 for StochasticGaussNewton, which fits squared errors alone; "
            "LevenbergMarquardt, LBFGS and Adam take a penalty");
    }
}

// The matrix of a batch, and its factorization.
double StochasticGaussNewton::workspace_bytes(const Objective<double>& objective,
                                              Index batch_size) const {
    const ResidualSizes sizes =
        ResidualLayout::most_sizes(objective.data(), objective.weights(), 0,
                                   std::min(batch_size, objective.data().n_samples()));
    const auto n = static_cast<double>(sizes.positions);
    return LeastSquares::bytes(objective.architecture(), sizes) +
           static_cast<double>(sizeof(double)) * 2.0 * n * n;
}

void StochasticGaussNewton::begin(Objective<double>& /*objective*/, Start start) {
    workspace_.reset();
    if (start == Start::resumed) {
        return;
    }
    if (finished_) {  // another fit begins anew
        damping_ = options_.damping;
        last_loss_ = lowest_loss_ = std::numeric_limits<double>::infinity();
        before_lowest_.clear();
        epochs_above_ = 0;
    }
    finished_ = {};
}

void StochasticGaussNewton::visit(StateVisitor& state) {
    state.visit("damping", damping_);
    state.expect(damping_ > 0.0, "damping", "a number above 0");
    state.visit("n_steps", n_steps_);
    state.visit("last_loss", last_loss_, Numbers::not_nan);
    state.visit("lowest_loss", lowest_loss_, Numbers::not_nan);
    state.visit("epochs_above", epochs_above_);
    state.expect(epochs_above_ <= most_epochs_above, "epochs_above", "no more than end a fit");
    state.visit("before_lowest", before_lowest_,
                std::isfinite(lowest_loss_) ? state.n_parameters() : 0);
    state.visit("finished", finished_);
}

Losses StochasticGaussNewton::run_epoch(Objective<double>& objective, const EpochPlan& plan,
                                        Iterate<double>& iterate, Execution& execution) {
    const Index n_samples = plan.order.count;
    if (workspace_ == nullptr) {
        workspace_ = std::make_unique<Workspace>(objective, std::min(plan.batch_size, n_samples));
    }
    Workspace& work = *workspace_;
    // Steps are short: where the team does not pay they run without it, to the same bytes.
    Execution alone(1, [&execution] {
        execution.interrupt.poll();
        return false;
    });
    set_in_parts(before_epoch_, iterate.current);
    before_lowest_.reserve(before_epoch_.size());  // at once: a step that was done must not fail
    MeanLosses mean;
    for (Index first = 0; first < n_samples; first += plan.batch_size) {
        execution.interrupt.poll();
        const auto begin = std::chrono::steady_clock::now();
        Execution& chosen = team_choice_.alone() ? alone : execution;
        const Rows batch = plan.order.batch(first, plan.batch_size);
        work.problem.take(objective.data(), batch);
        const Losses losses =
            work.problem.evaluate(iterate.current.data(), work.residuals.data(), chosen);
        if (!std::isfinite(losses.total)) {
            throw Diverged();
        }
        step(plan.learning_rate, iterate, chosen);
        if (execution.team.n_threads() > 1) {
            const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
            team_choice_.record(time.count(), static_cast<double>(batch.count));
        }
        mean.add(losses, static_cast<double>(batch.count) / static_cast<double>(n_samples));
    }
    follow(mean.mean().total, iterate);
    return mean.mean();
}

// θ ← θ − η Jᵀ (J Jᵀ + λ tr(J Jᵀ)/N I)⁻¹ r
void StochasticGaussNewton::step(double learning_rate, Iterate<double>& iterate,
                                 Execution& execution) {
    Workspace& work = *workspace_;
    if (work.problem.n_residuals() == 0) {  // nothing is present in this batch
        return;
    }
    work.problem.linearize(iterate.current.data(), execution);
    work.problem.gram(work.gram, execution);
    const double mean_diagonal =
        work.gram.trace() / static_cast<double>(work.problem.n_residuals());
    if (!std::isfinite(mean_diagonal)) {
        set_in_parts(iterate.previous, iterate.current);  // its loss is finite
        throw Diverged();
    }
    const double warm = std::pow(warm_up_decay, static_cast<double>(n_steps_));
    if (!work.cholesky.factor(work.gram, std::max(damping_, warm) * mean_diagonal, execution)) {
        ++n_steps_;
        return;
    }
    work.cholesky.solve(work.residuals.data(), work.residuals.data());
    work.problem.pull_back(work.residuals.data(), work.direction.data(), execution);
    if (!std::isfinite(norm(work.direction))) {
        set_in_parts(iterate.previous, iterate.current);
        throw Diverged();
    }
    by_parts([learning_rate](auto to, const auto& from,
                             const auto& along) { to = from - learning_rate * along; },
             iterate.previous, iterate.current, work.direction);
    std::swap(iterate.current, iterate.previous);
    ++n_steps_;
}

void StochasticGaussNewton::follow(double loss, Iterate<double>& iterate) {
    damping_ = loss > last_loss_
                   ? std::min(damping_factor * damping_, most_damping * options_.damping)
                   : std::max(damping_ / damping_factor, options_.damping);
    last_loss_ = loss;
    if (loss < lowest_loss_) {
        lowest_loss_ = loss;
        set_in_parts(before_lowest_, before_epoch_);
    }
    epochs_above_ = loss > above * lowest_loss_ ? epochs_above_ + 1 : 0;
    if (epochs_above_ == most_epochs_above) {
        finished_ = FitEnd::rising;
        set_in_parts(iterate.current, before_lowest_);
    }
}

}  // namespace jetmlp
