#include "optim/evidence_workspace.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// Of the central difference for r_vv and of the longest bend, as in LevenbergMarquardt.
constexpr double curvature_step = 0.1;
constexpr double most_curvature = 0.75;
// Where raising the damping begins.
constexpr double least_raised_damping = 1e-6;
constexpr double least_damping = 1e-12;
constexpr int most_trials = 15;
// The fit ends once the evidence has not risen for so many updates.
// Fixed points of the updates are not maxima of the evidence, as J moves with the parameters: past
// its highest point the errors on new data grow, so the fit goes back there.
constexpr Index patience = 12;
// Updates from one full look at what is effective to the next: it changes slowly.
constexpr Index refreshed_updates = 3;

}  // namespace

std::vector<Setting> EvidenceOptions::settings() {
    return with_stopping(
        {setting("prior_precision", prior_precision), setting("noise_precision", noise_precision),
         setting("first_update", first_update), setting("update_interval", update_interval),
         setting("by_input", by_input), setting("geodesic_acceleration", geodesic_acceleration),
         setting("evidence_tolerance", evidence_tolerance)},
        stopping);
}

std::unique_ptr<Optimizer<float>> EvidenceOptions::make_single(Index /*n_parameters*/) const {
    throw std::invalid_argument(
        "optimizer: expected a model of dtype='float64' for regularization='evidence', got "
        "float32");
}

std::unique_ptr<Optimizer<double>> EvidenceOptions::make_double(Index /*n_parameters*/) const {
    if (!(prior_precision > 0.0) || !(noise_precision > 0.0) || first_update < 0 ||
        update_interval < 1) {
        throw std::invalid_argument(
            "optimizer: expected prior_precision and noise_precision above 0, first_update of at "
            "least 0 and update_interval of at least 1");
    }
    return std::make_unique<Evidence>(*this);
}

Evidence::Evidence(EvidenceOptions options) : options_(std::move(options)) {}
Evidence::~Evidence() = default;

void Evidence::check(const Objective<double>& objective) const {
    if (objective.weights().l2 > 0.0) {
        throw std::invalid_argument(
            "l2: expected 0 with regularization='evidence', which finds what to penalize by "
            "itself");
    }
}

// J as it is, whitened, transposed and solved for; a matrix of the fewer, its factor and inverse.
double Evidence::workspace_bytes(const Objective<double>& objective, Index /*batch_size*/) const {
    const ResidualSizes sizes = sizes_of(objective);
    const auto n = static_cast<double>(sizes.errors);
    const auto p = static_cast<double>(objective.architecture().n_parameters());
    const double fewer = std::min(n, p);
    return LeastSquares::bytes(objective.architecture(), sizes) +
           static_cast<double>(sizeof(double)) * (4.0 * n * p + 3.0 * fewer * fewer);
}

void Evidence::begin(Objective<double>& objective, Start start) {
    auto next =
        std::make_unique<Workspace>(std::make_unique<LeastSquares>(objective), objective, options_);
    go_on(*next, start);
    workspace_ = std::move(next);
    saved_.reset();
    if (start == Start::anew) {
        finished_ = {};
    }
}

void Evidence::set_precisions(std::vector<double> alphas, std::vector<double> betas) {
    workspace_->precisions.set(std::move(alphas), std::move(betas));
}

const std::vector<double>& Evidence::prior_precisions() const {
    return workspace_->precisions.alphas();
}

const std::vector<double>& Evidence::noise_precisions() const {
    return workspace_->precisions.betas();
}

double Evidence::log_evidence() const {
    return workspace_ == nullptr ? -std::numeric_limits<double>::infinity()
                                 : workspace_->best.log_evidence;
}

double Evidence::noise_beyond(double share) const {
    return workspace_->precisions.noise_beyond(share, workspace_->best.betas);
}

namespace {

// max |∂/∂θ| of half the regularised loss, from its gradient by φ = √α θ.
double largest_slope(const Buffer<double>& gradient, const Precisions& precisions) {
    double largest = 0.0;
    for (std::size_t p = 0; p < gradient.size(); ++p) {
        largest = std::max(largest, std::abs(gradient[p] / precisions.column_scales()[p]));
    }
    return largest;
}

}  // namespace

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
    // Data that are met at the start, as a single value is, have an evidence all the same.
    if (before.total <= options_.stopping.target_loss && !work.best.parameters.empty()) {
        finished_ = FitEnd::target;
        return before;
    }
    work.linearize(iterate.current, execution);
    // Found here, and taken after the step, which then needs no second matrix.
    std::optional<Precisions> next;
    const bool due = work.n_steps >= options_.first_update &&
                     (work.n_steps - options_.first_update) % options_.update_interval == 0;
    if (due || work.stuck) {
        next = update(iterate.current, execution);
    }
    work.set_gradient(iterate.current);
    bool moved = false;
    if (2.0 * largest_slope(work.gradient, work.precisions) <=
        options_.stopping.gradient_tolerance) {
        finished_ = FitEnd::gradient;
    } else {
        moved = step(iterate, execution);
    }
    if (next) {
        work.precisions = std::move(*next);
    }
    ++work.n_steps;
    if (!moved && work.stuck && !finished_) {
        finished_ = FitEnd::step;
    }
    work.stuck = !moved;
    if (work.updates_since_best >= patience && !finished_) {
        finished_ = FitEnd::loss;
    }
    if (finished_ && !work.best.parameters.empty()) {
        iterate.current = work.best.parameters;
    }
    return before;
}

std::optional<Precisions> Evidence::update(const std::vector<double>& parameters,
                                           Execution& execution) {
    Workspace& work = *workspace_;
    if (!work.system.factor(1.0, execution)) {
        return {};
    }
    work.system.effective(work.of_parameters, work.of_residuals,
                          work.n_updates++ % refreshed_updates == 0, execution);
    const double log_evidence = work.evaluate_evidence(parameters);
    ++work.updates_since_best;
    if (log_evidence > work.best.log_evidence + options_.evidence_tolerance) {
        work.updates_since_best = 0;
    }
    if (log_evidence > work.best.log_evidence) {
        work.best = {log_evidence, parameters, work.precisions.alphas(), work.precisions.betas()};
    }
    Precisions next = work.precisions;
    next.update(work.of_parameters, work.of_residuals, parameters, work.residuals);
    return next;
}

// As LevenbergMarquardt, in the whitened units: δφ = −(J̃ᵀJ̃ + (1 + μ) I)⁻¹ (J̃ᵀr̃ + φ), so that the
// damping μ is a multiple of the prior.
bool Evidence::step(Iterate<double>& iterate, Execution& execution) {
    Workspace& work = *workspace_;
    const Buffer<double> residuals = work.whitened;
    const Buffer<double> whitened_parameters = work.whitened_parameters;
    const double before = inner_product(residuals, residuals) +
                          inner_product(whitened_parameters, whitened_parameters);
    const double size = norm(iterate.current);
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
        elements(work.candidate) =
            elements(work.precisions.column_scales()) * elements(work.velocity);
        if (norm(work.candidate) <= options_.stopping.step_tolerance * size) {
            finished_ = FitEnd::step;
            break;
        }
        elements(work.acceleration) = elements(work.velocity);
        if (options_.geodesic_acceleration) {
            for (const double sign : {1.0, -1.0}) {
                elements(work.candidate) =
                    elements(iterate.current) + sign * curvature_step *
                                                    elements(work.precisions.column_scales()) *
                                                    elements(work.velocity);
                work.problem.evaluate(work.candidate.data(),
                                      (sign > 0.0 ? work.curvature : work.trial_residuals).data(),
                                      execution);
            }
            elements(work.curvature) =
                elements(work.precisions.row_scales()) *
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
            elements(iterate.current) +
            elements(work.precisions.column_scales()) * elements(work.acceleration);
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
        const double promised =
            add_product(-inner_product(work.gradient, work.velocity), work.damping,
                        inner_product(work.velocity, work.velocity));
        const double gain = 2.0 * reduction / promised - 1.0;
        work.damping =
            std::max(work.damping * std::max(1.0 / 3.0, 1.0 - gain * gain * gain), least_damping);
        work.raise = 2.0;
        if (reduction <= options_.stopping.loss_tolerance * before) {
            finished_ = FitEnd::loss;
        }
        std::swap(work.residuals, work.trial_residuals);
        work.losses = work.trial_losses;
        std::ranges::copy(work.candidate, iterate.previous.begin());
        std::swap(iterate.current, iterate.previous);
        return true;
    }
    work.raise = 2.0;
    return false;
}

}  // namespace jetmlp
