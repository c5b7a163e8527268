#include "least_squares/least_squares.hpp"
#include "least_squares/parameter_groups.hpp"
#include "least_squares/whitened_system.hpp"
#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"

#include <jetmlp/optim/evidence.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// Of the central difference for r_vv and of the longest bend, as in LevenbergMarquardt.
constexpr double curvature_step = 0.1;
constexpr double most_curvature = 0.75;
// The damping that multiplies the prior at the start, and where raising it begins.
constexpr double initial_damping = 1.0;
constexpr double least_raised_damping = 1e-6;
constexpr double least_damping = 1e-12;
constexpr int most_trials = 15;
// The logarithms of α and β move at most by this in an update.
constexpr double largest_move = 3.0;
constexpr double least_precision = 1e-8;
constexpr double greatest_precision = 1e8;
// Noise is taken to be at least this part of a kind's size, and that size at least this part of the
// largest of its sort: else a column of zeros, which any network fits, rules the evidence.
constexpr double least_noise = 1e-8;
constexpr double least_size = 1e-3;
// A row of J̃ is at most this long, squared: so that the identity beside J̃ᵀJ̃ is not lost in rounding.
constexpr double longest_row = 1e12;
// What is effective of the data leaves at least this part of them for the noise.
constexpr double least_noise_share = 1e-3;
// The log evidence is compared over so many updates.
constexpr std::size_t compared_updates = 5;

}  // namespace

std::vector<Setting> EvidenceOptions::settings() {
    return with_stopping({setting("prior_precision", prior_precision),
                          setting("noise_precision", noise_precision),
                          setting("first_update", first_update), setting("by_input", by_input),
                          setting("geodesic_acceleration", geodesic_acceleration),
                          setting("evidence_tolerance", evidence_tolerance)},
                         stopping);
}

std::unique_ptr<Optimizer<float>> EvidenceOptions::make_single(Index /*n_parameters*/) const {
    throw std::invalid_argument(
        "optimizer: expected a model of dtype='float64' for regularization='evidence', got "
        "float32");
}

std::unique_ptr<Optimizer<double>> EvidenceOptions::make_double(Index /*n_parameters*/) const {
    return std::make_unique<Evidence>(*this);
}

struct Evidence::Workspace {
    Workspace(const Objective<double>& objective, const EvidenceOptions& options)
        : problem(objective),
          groups(parameter_groups(objective.architecture(), options.by_input)),
          n_residuals(static_cast<std::size_t>(problem.n_residuals())),
          n_parameters(static_cast<std::size_t>(problem.n_parameters())),
          system(problem.n_residuals(), problem.n_parameters()),
          jacobian(n_residuals * n_parameters),
          residuals(n_residuals),
          trial_residuals(n_residuals),
          curvature(n_residuals),
          whitened(n_residuals),
          row_scales(n_residuals),
          of_residuals(n_residuals),
          column_scales(n_parameters),
          of_parameters(n_parameters),
          gradient(n_parameters),
          whitened_parameters(n_parameters),
          velocity(n_parameters),
          acceleration(n_parameters),
          candidate(n_parameters),
          alphas(groups.sizes.size(), options.prior_precision) {
        set_kinds(options.noise_precision);
    }

    // Sizes of the targets by kind, the starting β, and the least noise of each.
    void set_kinds(double noise_precision) {
        kind_of = problem.layout().kinds();
        const Index n_kinds = 1 + *std::ranges::max_element(kind_of);
        kind_sizes.assign(static_cast<std::size_t>(n_kinds), 0.0);
        std::vector<double> squares(kind_sizes.size(), 0.0);
        const std::vector<double> targets = problem.layout().residual_targets();
        scales = problem.layout().residual_scales();
        for (std::size_t i = 0; i < n_residuals; ++i) {
            const auto k = static_cast<std::size_t>(kind_of[i]);
            kind_sizes[k] += 1.0;
            squares[k] = add_square(squares[k], scales[i] * targets[i]);
        }
        // All values of an output, and all its derivatives, begin with the same β.
        const Index per_output = 1 + problem.layout().n_tangents();
        betas.assign(kind_sizes.size(), 0.0);
        least_variances.assign(kind_sizes.size(), 0.0);
        for (std::size_t k = 0; k < kind_sizes.size(); ++k) {
            double count = 0.0;
            double sum = 0.0;
            for (std::size_t other = 0; other < kind_sizes.size(); ++other) {
                if (sort_of(other, per_output) == sort_of(k, per_output)) {
                    count += kind_sizes[other];
                    sum += squares[other];
                }
            }
            const double pooled = sum > 0.0 ? sum / count : 1.0;
            const double own = kind_sizes[k] > 0.0 ? squares[k] / kind_sizes[k] : 0.0;
            betas[k] = noise_precision / pooled;
            least_variances[k] =
                least_noise * least_noise * std::max(own, least_size * least_size * pooled);
        }
    }

    static Index sort_of(std::size_t kind, Index per_output) {
        const auto k = static_cast<Index>(kind);
        return 2 * (k / per_output) + (k % per_output == 0 ? 0 : 1);
    }

    void set_scales() {
        for (std::size_t i = 0; i < n_residuals; ++i) {
            row_scales[i] = std::sqrt(betas[static_cast<std::size_t>(kind_of[i])]);
        }
        for (std::size_t p = 0; p < n_parameters; ++p) {
            column_scales[p] =
                1.0 / std::sqrt(alphas[static_cast<std::size_t>(groups.group_of[p])]);
        }
    }

    // J, and no β so large that its rows are lost in rounding.
    void linearize(const std::vector<double>& parameters, Execution& execution) {
        problem.linearize(parameters.data(), execution);
        problem.jacobian(jacobian.data(), execution);
        bound_precisions();
        set_scales();
        system.assemble(jacobian.data(), row_scales, column_scales, execution);
    }

    void bound_precisions() {
        std::vector<double> longest(betas.size(), 0.0);
        Buffer<double> variances(n_parameters);
        for (std::size_t p = 0; p < n_parameters; ++p) {
            variances[p] = 1.0 / alphas[static_cast<std::size_t>(groups.group_of[p])];
        }
        for (std::size_t i = 0; i < n_residuals; ++i) {
            const double* const row = jacobian.data() + i * n_parameters;
            double sum = 0.0;
            for (std::size_t p = 0; p < n_parameters; ++p) {
                sum = add_weighted_square(sum, variances[p], row[p]);
            }
            double& most = longest[static_cast<std::size_t>(kind_of[i])];
            most = std::max(most, sum);
        }
        for (std::size_t k = 0; k < betas.size(); ++k) {
            if (longest[k] * betas[k] > longest_row) {
                betas[k] = longest_row / longest[k];
            }
        }
    }

    // r̃ and φ.
    void whiten(const Buffer<double>& from, const std::vector<double>& parameters) {
        elements(whitened) = elements(row_scales) * elements(from);
        elements(whitened_parameters) = elements(parameters) / elements(column_scales);
    }

    // At α and β given, from H̃ factorized with the shift 1.
    double evaluate_evidence(const std::vector<double>& parameters) {
        whiten(residuals, parameters);
        double sum = inner_product(whitened, whitened) +
                     inner_product(whitened_parameters, whitened_parameters) +
                     system.log_determinant() +
                     static_cast<double>(n_residuals) * std::log(2.0 * std::numbers::pi);
        for (std::size_t k = 0; k < betas.size(); ++k) {
            sum -= kind_sizes[k] * std::log(betas[k]);
        }
        return -0.5 * sum;
    }

    LeastSquares problem;
    Grouping groups;
    std::size_t n_residuals;
    std::size_t n_parameters;
    WhitenedSystem system;
    Buffer<double> jacobian;
    Buffer<double> residuals;
    Buffer<double> trial_residuals;
    Buffer<double> curvature;
    Buffer<double> whitened;  // r̃
    Buffer<double> row_scales;
    Buffer<double> of_residuals;
    Buffer<double> column_scales;
    Buffer<double> of_parameters;
    Buffer<double> gradient;  // J̃ᵀr̃ + φ
    Buffer<double> whitened_parameters;
    Buffer<double> velocity;
    Buffer<double> acceleration;
    std::vector<double> candidate;
    std::vector<double> alphas;
    std::vector<double> betas;
    std::vector<double> kind_sizes;
    std::vector<double> scales;  // of the residuals
    std::vector<double> least_variances;
    std::vector<Index> kind_of;
    std::vector<double> history;  // log evidence at each update
    bool evaluated = false;
    Losses losses;
    Losses trial_losses;
    double damping = initial_damping;
    double raise = 2.0;
    double reduction = 1.0;  // of the last step, as a share of what it lowered
    Index n_steps = 0;
    bool stuck = false;
};

Evidence::Evidence(EvidenceOptions options) : options_(std::move(options)) {}
Evidence::~Evidence() = default;

void Evidence::check(const Objective<double>& objective) const {
    static_cast<void>(layout_of(objective));
}

void Evidence::begin(Objective<double>& objective) {
    workspace_ = std::make_unique<Workspace>(objective, options_);
    finished_ = {};
}

double Evidence::log_evidence() const {
    return workspace_ == nullptr || workspace_->history.empty()
               ? -std::numeric_limits<double>::infinity()
               : workspace_->history.back();
}

Losses Evidence::run_epoch(Objective<double>& /*objective*/, const EpochPlan& /*plan*/,
                           Iterate<double>& iterate, Execution& execution) {
    Workspace& work = *workspace_;
    execution.interrupt.poll();
    if (!work.evaluated) {
        work.losses =
            work.problem.evaluate(iterate.current.data(), work.residuals.data(), execution);
        work.evaluated = true;
    }
    const Losses before = work.losses;
    if (!std::isfinite(before.total)) {
        throw Diverged();
    }
    if (before.total <= options_.stopping.target_loss) {
        finished_ = FitEnd::target;
        return before;
    }
    work.linearize(iterate.current, execution);
    if (work.n_steps >= options_.first_update || work.stuck) {
        update(iterate.current, execution);
    }
    const bool moved = step(iterate, execution);
    ++work.n_steps;
    if (!moved && work.stuck) {
        finished_ = FitEnd::step;
    }
    work.stuck = !moved;
    const std::size_t n = work.history.size();
    if (n > compared_updates &&
        std::abs(work.history[n - 1] - work.history[n - 1 - compared_updates]) <=
            options_.evidence_tolerance &&
        work.reduction <= 1e-3) {
        finished_ = FitEnd::loss;
    }
    return before;
}

// γ_g = Σ_{p in g} (1 − α_g (H⁻¹)_pp),  α_g ← γ_g / ‖θ_g‖²
// γ_k = Σ_{i in k} (1 − (M⁻¹)_ii / β_k),  β_k ← (N_k − γ_k) / ‖r_k‖²
void Evidence::update(const std::vector<double>& parameters, Execution& execution) {
    Workspace& work = *workspace_;
    if (!work.system.factor(1.0, execution)) {
        return;
    }
    work.system.effective(work.of_parameters, work.of_residuals, execution);
    work.history.push_back(work.evaluate_evidence(parameters));
    std::vector<double> gammas(work.alphas.size(), 0.0);
    std::vector<double> sizes(work.alphas.size(), 0.0);
    for (std::size_t p = 0; p < work.n_parameters; ++p) {
        const auto g = static_cast<std::size_t>(work.groups.group_of[p]);
        gammas[g] += work.of_parameters[p];
        sizes[g] = add_square(sizes[g], parameters[p]);
    }
    const auto move = [](double& precision, double wanted) {
        precision *= std::exp(
            std::clamp(std::log(wanted / precision), -largest_move, largest_move));
    };
    for (std::size_t g = 0; g < work.alphas.size(); ++g) {
        move(work.alphas[g], std::max(gammas[g], 1e-3) / (sizes[g] + 1e-12));
        work.alphas[g] = std::clamp(work.alphas[g], least_precision, greatest_precision);
    }
    std::vector<double> effective(work.betas.size(), 0.0);
    std::vector<double> errors(work.betas.size(), 0.0);
    for (std::size_t i = 0; i < work.n_residuals; ++i) {
        const auto k = static_cast<std::size_t>(work.kind_of[i]);
        effective[k] += work.of_residuals[i];
        errors[k] = add_square(errors[k], work.residuals[i]);
    }
    for (std::size_t k = 0; k < work.betas.size(); ++k) {
        const double count = work.kind_sizes[k];
        if (count > 0.0) {
            move(work.betas[k], std::max(count - effective[k], least_noise_share * count) /
                                    std::max(errors[k], count * work.least_variances[k]));
        }
    }
    work.bound_precisions();
    work.set_scales();
    work.system.assemble(work.jacobian.data(), work.row_scales, work.column_scales, execution);
}

// As LevenbergMarquardt, in the whitened units: δφ = −(J̃ᵀJ̃ + (1 + μ) I)⁻¹ (J̃ᵀr̃ + φ), so that the
// damping μ is a multiple of the prior.
bool Evidence::step(Iterate<double>& iterate, Execution& execution) {
    Workspace& work = *workspace_;
    work.whiten(work.residuals, iterate.current);
    work.system.pull(work.whitened, work.gradient);
    elements(work.gradient) += elements(work.whitened_parameters);
    const Buffer<double> residuals = work.whitened;
    const Buffer<double> whitened_parameters = work.whitened_parameters;
    const double before = inner_product(residuals, residuals) +
                          inner_product(whitened_parameters, whitened_parameters);
    work.reduction = 0.0;
    const auto raise = [&work] {
        work.damping = std::max(work.damping * work.raise, least_raised_damping);
        work.raise *= 2.0;
    };
    for (int trial = 0; trial < most_trials; ++trial, raise()) {
        execution.interrupt.poll();
        if (!work.system.factor(1.0 + work.damping, execution)) {
            continue;
        }
        work.system.solve(residuals, &whitened_parameters, work.velocity);
        const double length = norm(work.velocity);
        if (!std::isfinite(length)) {
            continue;
        }
        elements(work.acceleration) = elements(work.velocity);
        if (options_.geodesic_acceleration) {
            for (const double sign : {1.0, -1.0}) {
                elements(work.candidate) =
                    elements(iterate.current) +
                    sign * curvature_step * elements(work.column_scales) * elements(work.velocity);
                work.problem.evaluate(
                    work.candidate.data(),
                    (sign > 0.0 ? work.curvature : work.trial_residuals).data(), execution);
            }
            elements(work.curvature) =
                elements(work.row_scales) *
                ((elements(work.curvature) - elements(work.residuals)) +
                 (elements(work.trial_residuals) - elements(work.residuals))) /
                (curvature_step * curvature_step);
            work.system.solve(work.curvature, nullptr, work.acceleration);
            if (!(norm(work.acceleration) <= most_curvature * length)) {
                continue;
            }
            elements(work.acceleration) =
                elements(work.velocity) + 0.5 * elements(work.acceleration);
        }
        elements(work.candidate) =
            elements(iterate.current) + elements(work.column_scales) * elements(work.acceleration);
        work.trial_losses =
            work.problem.evaluate(work.candidate.data(), work.trial_residuals.data(), execution);
        work.whiten(work.trial_residuals, work.candidate);
        double reduction = 0.0;  // Σ (x − x⁺)(x + x⁺), which cancels less than Σx² − Σx⁺²
        for (std::size_t i = 0; i < work.n_residuals; ++i) {
            reduction = add_product(reduction, residuals[i] - work.whitened[i],
                                    residuals[i] + work.whitened[i]);
        }
        for (std::size_t p = 0; p < work.n_parameters; ++p) {
            reduction = add_product(reduction, whitened_parameters[p] - work.whitened_parameters[p],
                                    whitened_parameters[p] + work.whitened_parameters[p]);
        }
        if (!(reduction > 0.0) || !std::isfinite(work.trial_losses.total)) {
            continue;
        }
        const double promised = work.damping * inner_product(work.velocity, work.velocity) -
                                inner_product(work.gradient, work.velocity);
        const double gain = 2.0 * reduction / promised - 1.0;
        work.damping = std::max(
            work.damping * std::max(1.0 / 3.0, 1.0 - gain * gain * gain), least_damping);
        work.raise = 2.0;
        work.reduction = reduction / before;
        std::swap(work.residuals, work.trial_residuals);
        work.losses = work.trial_losses;
        std::ranges::copy(work.candidate, iterate.previous.begin());
        std::swap(iterate.current, iterate.previous);
        return true;
    }
    work.raise = 2.0;
    return false;
}

namespace {

// Errors and variances of the residuals of one sample, had it been left out, from their block of
// M̃⁻¹: e = (M̃⁻¹)_ss⁻¹ r̃_s, whose covariance is (M̃⁻¹)_ss⁻¹.
void leave_out(const std::vector<Index>& sample, const double* block, const Buffer<double>& whitened,
               std::vector<double>& errors, std::vector<double>& variances, Execution& execution) {
    // M̃⁻¹ is at most 1 and came out of sums of numbers of that size.
    constexpr double rounding = 1e-13;
    const auto size = static_cast<Index>(sample.size());
    SymmetricMatrix matrix;
    matrix.resize(size);
    Buffer<double> right_side(sample.size());
    for (Index i = 0; i < size; ++i) {
        std::copy_n(block + i * size + i, size - i, matrix.row(i) + i);
        right_side[static_cast<std::size_t>(i)] =
            whitened[static_cast<std::size_t>(sample[static_cast<std::size_t>(i)])];
    }
    Cholesky cholesky;
    double shift = 0.0;
    while (!cholesky.factor(matrix, shift, execution)) {
        shift = std::max(10.0 * shift, rounding);
        if (!(shift < 1.0)) {
            throw std::runtime_error("the leave-one-out errors are not finite");
        }
    }
    cholesky.solve(right_side.data(), right_side.data());
    Panel inverse;
    inverse.resize(size, size);
    for (Index i = 0; i < size; ++i) {
        inverse.row(i)[i] = 1.0;
    }
    cholesky.substitute_forward(inverse.row(0), size, inverse.stride, true, execution);
    for (Index i = 0; i < size; ++i) {
        double variance = 0.0;
        for (Index k = i; k < size; ++k) {
            variance = add_square(variance, inverse.row(k)[i]);
        }
        const auto at = static_cast<std::size_t>(sample[static_cast<std::size_t>(i)]);
        errors[at] = right_side[static_cast<std::size_t>(i)];
        variances[at] = variance;
    }
}

// The residuals of each sample.
std::vector<std::vector<Index>> residuals_by_sample(const ResidualLayout& layout) {
    std::map<Index, std::vector<Index>> by_sample;
    for (std::size_t i = 0; i < layout.sample_of_residual().size(); ++i) {
        by_sample[layout.sample_of_residual()[i]].push_back(static_cast<Index>(i));
    }
    std::vector<std::vector<Index>> samples;
    for (auto& [sample, residuals] : by_sample) {
        samples.push_back(std::move(residuals));
    }
    return samples;
}

}  // namespace

EvidenceReport Evidence::report(const std::vector<double>& parameters, bool with_covariance,
                                Execution& execution) {
    Workspace& work = *workspace_;
    EvidenceReport report;
    report.log_evidence = -std::numeric_limits<double>::infinity();
    work.losses = work.problem.evaluate(parameters.data(), work.residuals.data(), execution);
    work.evaluated = true;
    if (!std::isfinite(work.losses.total)) {
        return report;
    }
    work.linearize(parameters, execution);
    if (!work.system.factor(1.0, execution)) {
        return report;
    }
    report.log_evidence = work.evaluate_evidence(parameters);
    report.prior_precisions = work.alphas;
    work.system.effective(work.of_parameters, work.of_residuals, execution);
    report.effective_parameters =
        std::accumulate(work.of_parameters.begin(), work.of_parameters.end(), 0.0);

    const std::vector<std::vector<Index>> samples = residuals_by_sample(work.problem.layout());
    const std::vector<double> blocks = work.system.inverse_blocks(samples, execution);
    std::vector<double> errors(work.n_residuals);
    std::vector<double> variances(work.n_residuals);
    const double* block = blocks.data();
    for (const std::vector<Index>& sample : samples) {
        leave_out(sample, block, work.whitened, errors, variances, execution);
        block += sample.size() * sample.size();
    }
    report.entries = work.problem.layout().entries();
    for (std::size_t i = 0; i < work.n_residuals; ++i) {
        const double unit = work.scales[i] * work.row_scales[i];  // from whitened to the targets'
        report.noise_precisions.push_back(unit * unit);
        report.leave_one_out.push_back(errors[i] / unit);
        report.leave_one_out_variances.push_back(variances[i] / (unit * unit));
    }
    if (with_covariance) {
        report.covariance_factor.resize(work.n_parameters * work.n_parameters);
        work.system.covariance_factor(report.covariance_factor.data(), execution);
        for (std::size_t at = 0; at < report.covariance_factor.size(); ++at) {
            report.covariance_factor[at] *= work.column_scales[at / work.n_parameters];
        }
    }
    return report;
}

}  // namespace jetmlp
