#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/optim/lbfgs.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace jetmlp {

namespace {

template <class T>
void add_multiple(std::vector<T>& to, double factor, const std::vector<T>& from) {
    by_parts([by = static_cast<T>(factor)](auto sum, const auto& what) { sum += by * what; }, to,
             from);
}

}  // namespace

std::vector<Setting> LbfgsOptions::settings() {
    return with_stopping(
        {setting("memory", memory), setting("sufficient_decrease", conditions.sufficient_decrease),
         setting("curvature", conditions.curvature)},
        stopping);
}

std::unique_ptr<Optimizer<float>> LbfgsOptions::make_single(Index n_parameters) const {
    return std::make_unique<Lbfgs<float>>(*this, n_parameters);
}

std::unique_ptr<Optimizer<double>> LbfgsOptions::make_double(Index n_parameters) const {
    return std::make_unique<Lbfgs<double>>(*this, n_parameters);
}

template <class T>
Lbfgs<T>::Lbfgs(const LbfgsOptions& options, Index n_parameters)
    : QuasiNewton<T>(options.conditions, options.stopping, n_parameters), memory_(options.memory) {}

template <class T>
double Lbfgs<T>::workspace_bytes(const Objective<T>& objective, Index /*batch_size*/) const {
    return 2.0 * static_cast<double>(memory_) *
           static_cast<double>(objective.architecture().n_parameters()) *
           static_cast<double>(sizeof(T));
}

// q = g; for pairs from the last: a_i = sᵀq / sᵀy, q −= a_i y; q *= sᵀy / yᵀy of the last pair; for
// pairs from the first: q += (a_i − yᵀq / sᵀy) s. The direction is −q.
template <class T>
void Lbfgs<T>::find_direction(const std::vector<T>& gradient, std::vector<T>& direction,
                              Execution& /*execution*/) {
    set_in_parts(direction, gradient);
    std::vector<double> factors(pairs_.size());
    for (std::size_t i = pairs_.size(); i > 0;) {
        --i;
        const Pair& pair = pairs_[i];
        factors[i] = inner_product(pair.step, direction) / pair.inner_product;
        add_multiple(direction, -factors[i], pair.difference);
    }
    double scale = -1.0;
    if (!pairs_.empty()) {
        const Pair& last = pairs_.back();
        scale = -last.inner_product / inner_product(last.difference, last.difference);
    }
    by_parts([by = static_cast<T>(scale)](auto to) { to *= by; }, direction);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const Pair& pair = pairs_[i];
        const double factor =
            -factors[i] - inner_product(pair.difference, direction) / pair.inner_product;
        add_multiple(direction, factor, pair.step);
    }
}

template <class T>
void Lbfgs<T>::learn(const Step& step, Execution& /*execution*/) {
    pairs_.push_back(
        {copy_in_parts(step.step), copy_in_parts(step.difference), step.inner_product});
    if (static_cast<Index>(pairs_.size()) > memory_) {
        pairs_.pop_front();
    }
}

template <class T>
void Lbfgs<T>::visit_learned(StateVisitor& state) {
    std::vector<T> steps;  // one after the other
    std::vector<T> differences;
    std::vector<double> inner_products;
    for (const Pair& pair : pairs_) {
        append_in_parts(pair.step, steps);
        append_in_parts(pair.difference, differences);
        inner_products.push_back(pair.inner_product);
    }
    state.visit("inner_products", inner_products);
    const std::size_t n_pairs = inner_products.size();
    const std::size_t n = state.n_parameters();
    const bool positive = std::ranges::all_of(inner_products, [](double sy) { return sy > 0.0; });
    state.expect(positive && std::cmp_less_equal(n_pairs, memory_), "inner_products",
                 "numbers above 0, no more than its memory holds");
    state.visit("steps", steps, n_pairs * n);
    state.visit("differences", differences, n_pairs * n);
    if (state.restores()) {
        pairs_.clear();
        for (std::size_t i = 0; i < n_pairs; ++i) {
            const auto at = static_cast<std::ptrdiff_t>(i * n);
            const auto end = static_cast<std::ptrdiff_t>((i + 1) * n);
            pairs_.push_back({{steps.begin() + at, steps.begin() + end},
                              {differences.begin() + at, differences.begin() + end},
                              inner_products[i]});
        }
    }
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace jetmlp
