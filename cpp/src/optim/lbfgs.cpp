#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"
#include "optim/line_search.hpp"

#include <jetmlp/optim/lbfgs.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

namespace jetmlp {

namespace {

template <class T>
void add_multiple(std::vector<T>& to, double factor, const std::vector<T>& from) {
    elements(to) += static_cast<T>(factor) * elements(from);
}

}  // namespace

std::vector<Setting> LbfgsOptions::settings() {
    return with_stopping(
        {setting("memory", memory), setting("sufficient_decrease", sufficient_decrease),
         setting("curvature", curvature)},
        stopping);
}

std::unique_ptr<Optimizer<float>> LbfgsOptions::make_single(Index n_parameters) const {
    return std::make_unique<Lbfgs<float>>(*this, n_parameters);
}

std::unique_ptr<Optimizer<double>> LbfgsOptions::make_double(Index n_parameters) const {
    return std::make_unique<Lbfgs<double>>(*this, n_parameters);
}

template <class T>
Lbfgs<T>::Lbfgs(LbfgsOptions options, Index n_parameters)
    : options_(std::move(options)),
      gradient_(static_cast<std::size_t>(n_parameters)),
      trial_gradient_(gradient_.size()),
      direction_(gradient_.size()),
      candidate_(gradient_.size()) {}

template <class T>
void Lbfgs<T>::begin(Objective<T>& /*objective*/) {
    finished_ = {};
    evaluated_ = false;
}

template <class T>
Losses Lbfgs<T>::run_epoch(Objective<T>& objective, const EpochPlan& /*plan*/, Iterate<T>& iterate,
                           Execution& execution) {
    execution.interrupt.poll();
    if (!evaluated_) {
        if (iterate.current != last_) {
            pairs_.clear();  // they tell of another place
        }
        losses_ = objective.evaluate(iterate.current.data(), objective.all_rows(), gradient_.data(),
                                     execution);
        evaluated_ = true;
    }
    const Losses before = losses_;
    if (!std::isfinite(before.total) || !std::isfinite(norm(gradient_))) {
        throw Diverged();
    }
    if (before.total <= options_.stopping.target_loss) {
        finished_ = FitEnd::target;
    } else if (largest_magnitude(gradient_) <= options_.stopping.gradient_tolerance) {
        finished_ = FitEnd::gradient;
    } else {
        step(objective, iterate, execution);
    }
    return before;
}

template <class T>
void Lbfgs<T>::step(Objective<T>& objective, Iterate<T>& iterate, Execution& execution) {
    // Errors that have shrunk to √ε of the outputs have √ε of rounding in them, and so has the
    // loss.
    const LineSearchOptions search{options_.sufficient_decrease, options_.curvature,
                                   std::sqrt(double{std::numeric_limits<T>::epsilon()})};
    while (true) {
        find_direction();
        const double slope = inner_product(gradient_, direction_);
        Losses trial;
        const auto evaluate = [&](double length) {
            candidate_ = iterate.current;
            add_multiple(candidate_, length, direction_);
            trial = objective.evaluate(candidate_.data(), objective.all_rows(),
                                       trial_gradient_.data(), execution);
            return LinePoint{length, trial.total, inner_product(trial_gradient_, direction_)};
        };
        // Without pairs the direction is −g, of no length in particular.
        const double first_length = pairs_.empty() ? std::min(1.0, 1.0 / norm(gradient_)) : 1.0;
        LinePoint found;
        if (slope < 0.0) {
            found = search_line({0.0, losses_.total, slope}, first_length, search, evaluate);
        }
        const bool moved = found.length > 0.0 && candidate_ != iterate.current;
        if (!moved) {
            if (pairs_.empty()) {
                finished_ = FitEnd::step;
                return;
            }
            pairs_.clear();  // once more, straight down
            continue;
        }
        const double length = found.length * norm(direction_);
        if (length <= options_.stopping.step_tolerance * norm(iterate.current)) {
            finished_ = FitEnd::step;
        } else if (losses_.total - trial.total <=
                       options_.stopping.loss_tolerance * losses_.total &&
                   options_.stopping.loss_tolerance > 0.0) {
            finished_ = FitEnd::loss;
        }
        remember(iterate.current, candidate_);
        std::swap(gradient_, trial_gradient_);
        losses_ = trial;
        std::swap(iterate.previous, iterate.current);
        iterate.current = candidate_;
        last_ = iterate.current;
        return;
    }
}

// q = g; for pairs from the last: a_i = sᵀq / sᵀy, q −= a_i y; q *= sᵀy / yᵀy of the last pair; for
// pairs from the first: q += (a_i − yᵀq / sᵀy) s. The direction is −q.
template <class T>
void Lbfgs<T>::find_direction() {
    direction_ = gradient_;
    std::vector<double> factors(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
        const Pair& pair = pairs_[i];
        factors[i] = inner_product(pair.step, direction_) / pair.inner_product;
        add_multiple(direction_, -factors[i], pair.difference);
    }
    double scale = -1.0;
    if (!pairs_.empty()) {
        const Pair& last = pairs_.back();
        scale = -last.inner_product / inner_product(last.difference, last.difference);
    }
    elements(direction_) *= static_cast<T>(scale);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const Pair& pair = pairs_[i];
        const double factor =
            -factors[i] - inner_product(pair.difference, direction_) / pair.inner_product;
        add_multiple(direction_, factor, pair.step);
    }
}

template <class T>
void Lbfgs<T>::remember(const std::vector<T>& from, const std::vector<T>& to) {
    Pair pair{to, trial_gradient_, 0.0};
    elements(pair.step) -= elements(from);
    elements(pair.difference) -= elements(gradient_);
    pair.inner_product = inner_product(pair.step, pair.difference);
    // The strong Wolfe conditions make it positive, rounding may not.
    constexpr double epsilon = std::numeric_limits<T>::epsilon();
    if (pair.inner_product > epsilon * inner_product(pair.difference, pair.difference)) {
        pairs_.push_back(std::move(pair));
        if (static_cast<Index>(pairs_.size()) > options_.memory) {
            pairs_.pop_front();
        }
    }
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace jetmlp
