#include "least_squares/least_squares.hpp"
#include "least_squares/parameter_groups.hpp"
#include "linear_algebra/sums.hpp"
#include "linear_algebra/vectors.hpp"
#include "network/names.hpp"
#include "optim/normal_equations.hpp"

#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>
#include <jetmlp/optim/levenberg_marquardt.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace jetmlp {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
// Steps of the central difference for r_vv, and the most curvature for the straight step before it
// (Transtrum and Sethna's h and α).
constexpr double curvature_step = 0.1;
constexpr double most_curvature = 0.75;

// α of each parameter; none without regularization.
Buffer<double> penalties_of(const Architecture& architecture, const std::vector<double>& alphas) {
    if (alphas.empty()) {
        return {};
    }
    const std::vector<Index> groups = parameter_groups(architecture, false).group_of;
    auto penalties = zeros_in_parts<Buffer<double>>(groups.size());
    in_parts(static_cast<Index>(groups.size()), [&](Index first, Index last) {
        for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
            penalties[p] = alphas[static_cast<std::size_t>(groups[p])];
        }
    });
    return penalties;
}

}  // namespace

NormalForm normal_form_from_name(std::string_view name) {
    return from_name<NormalForm>("form", name, normal_form_names);
}

std::vector<Setting> LevenbergMarquardtOptions::settings() {
    return with_stopping(
        {setting("initial_damping", initial_damping),
         setting("geodesic_acceleration", geodesic_acceleration),
         setting("form", [this](const std::string& name) { form = normal_form_from_name(name); }),
         setting("regularization", regularization)},
        stopping);
}

std::unique_ptr<Optimizer<float>> LevenbergMarquardtOptions::make_single(
    Index /*n_parameters*/) const {
    throw std::invalid_argument(
        "optimizer: expected a model of dtype='float64' for LevenbergMarquardt, got float32");
}

std::unique_ptr<Optimizer<double>> LevenbergMarquardtOptions::make_double(
    Index /*n_parameters*/) const {
    return std::make_unique<LevenbergMarquardt>(*this);
}

struct LevenbergMarquardt::Workspace {
    Workspace(const Objective<double>& objective, const LevenbergMarquardtOptions& options)
        : problem(objective),
          penalties(penalties_of(objective.architecture(), options.regularization)),
          equations(problem, options.form, penalties),
          residuals(zeros_in_parts<Buffer<double>>(count_of(problem.n_residuals(), 1))),
          trial_residuals(zeros_in_parts<Buffer<double>>(residuals.size())),
          curvature(zeros_in_parts<Buffer<double>>(residuals.size())),
          gradient(zeros_in_parts<Buffer<double>>(count_of(problem.n_parameters(), 1))),
          velocity(zeros_in_parts<Buffer<double>>(gradient.size())),
          acceleration(zeros_in_parts<Buffer<double>>(gradient.size())),
          candidate(zeros_in_parts<std::vector<double>>(gradient.size())) {}

    // curvature = r_vv ≈ (r(θ + hv) − 2r(θ) + r(θ − hv)) / h² along the velocity v
    void measure_curvature(const std::vector<double>& parameters, Execution& execution) {
        for (const double sign : {1.0, -1.0}) {
            by_parts([sign](auto to, const auto& from,
                            const auto& along) { to = from + sign * curvature_step * along; },
                     candidate, parameters, velocity);
            problem.evaluate(candidate.data(), (sign > 0.0 ? curvature : trial_residuals).data(),
                             execution);
        }
        by_parts(
            [](auto ahead, const auto& here, const auto& behind) {
                ahead = ((ahead - here) + (behind - here)) / (curvature_step * curvature_step);
            },
            curvature, residuals, trial_residuals);
    }

    // Σ_p α_p θ_p²
    [[nodiscard]] double penalty(const std::vector<double>& parameters) const {
        double sum = 0.0;
        in_parts_to_the_end(static_cast<Index>(penalties.size()), [&](Index first, Index last) {
            for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
                sum = add_product(sum, penalties[p] * parameters[p], parameters[p]);
            }
        });
        return sum;
    }

    // A θ, half the gradient of the penalty.
    void set_pull(const std::vector<double>& parameters) {
        resize_in_parts(pull, static_cast<Index>(penalties.size()));
        in_parts_to_the_end(static_cast<Index>(penalties.size()), [&](Index first, Index last) {
            for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
                pull[p] = penalties[p] * parameters[p];
                gradient[p] += pull[p];
            }
        });
    }

    LeastSquares problem;
    Buffer<double> penalties;
    NormalEquations equations;
    bool evaluated = false;  // losses and residuals are those of the iterate
    Losses losses;
    Losses trial_losses;
    Buffer<double> residuals;
    Buffer<double> trial_residuals;
    Buffer<double> curvature;
    Buffer<double> gradient;  // Jᵀr + Aθ: half that of what is minimized
    Buffer<double> pull;      // Aθ
    Buffer<double> velocity;
    Buffer<double> acceleration;
    std::vector<double> candidate;
};

LevenbergMarquardt::LevenbergMarquardt(LevenbergMarquardtOptions options)
    : options_(std::move(options)) {}
LevenbergMarquardt::~LevenbergMarquardt() = default;

void LevenbergMarquardt::check(const Objective<double>& objective) const {
    const std::vector<double>& alphas = options_.regularization;
    const std::size_t n_groups = 2 * objective.architecture().layers().size();
    if (!alphas.empty() && alphas.size() != n_groups) {
        throw std::invalid_argument("regularization: expected " + std::to_string(n_groups) +
                                    " numbers, for weights and biases of each layer in turn, got " +
                                    std::to_string(alphas.size()));
    }
    if (!alphas.empty() && objective.weights().l2 > 0.0) {
        throw std::invalid_argument(
            "l2: expected 0 with regularization, which has a number for the weights of each layer");
    }
}

double LevenbergMarquardt::workspace_bytes(const Objective<double>& objective,
                                           Index /*batch_size*/) const {
    const ResidualSizes sizes = sizes_of(objective);
    const Architecture& architecture = objective.architecture();
    return LeastSquares::bytes(architecture, sizes) +
           NormalEquations::bytes(architecture, sizes, options_.form,
                                  !options_.regularization.empty());
}

void LevenbergMarquardt::begin(Objective<double>& objective, Start start) {
    workspace_ = std::make_unique<Workspace>(objective, options_);
    if (start == Start::anew) {
        finished_ = {};
    }
}

void LevenbergMarquardt::visit(StateVisitor& state) {
    state.visit("damping", damping_, Numbers::not_nan);
    state.visit("raise", raise_, Numbers::not_nan);
    state.expect(raise_ > 1.0, "raise", "a number above 1");
    state.visit("finished", finished_);
}

Losses LevenbergMarquardt::run_epoch(Objective<double>& /*objective*/, const EpochPlan& /*plan*/,
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
    work.problem.linearize(iterate.current.data(), execution);
    work.problem.pull_back(work.residuals.data(), work.gradient.data(), execution);
    work.set_pull(iterate.current);
    if (2.0 * largest_magnitude(work.gradient) <= options_.stopping.gradient_tolerance) {
        finished_ = FitEnd::gradient;
        return before;
    }
    work.equations.assemble(execution);
    if (!std::isfinite(work.equations.trace())) {
        throw Diverged();
    }
    step(iterate, execution);
    return before;
}

void LevenbergMarquardt::step(Iterate<double>& iterate, Execution& execution) {
    Workspace& work = *workspace_;
    const double lowest_damping = work.equations.lowest_damping();
    if (damping_ < 0.0) {
        damping_ = options_.initial_damping * work.equations.trace();
    }
    damping_ = std::max(damping_, lowest_damping);
    const double size = norm(iterate.current);
    while (std::isfinite(damping_)) {
        execution.interrupt.poll();
        const bool proposed = propose(iterate, execution);
        const double length = norm(work.velocity);
        if (proposed && length <= std::max(options_.stopping.step_tolerance, epsilon) * size) {
            break;
        }
        if (!proposed || !accept(iterate, lowest_damping)) {
            reject();
            continue;
        }
        set_in_parts(iterate.previous, work.candidate);
        std::swap(iterate.current, iterate.previous);
        return;
    }
    finished_ = FitEnd::step;
    damping_ = -1.0;  // another fit begins anew
    raise_ = 2.0;
}

bool LevenbergMarquardt::propose(const Iterate<double>& iterate, Execution& execution) {
    Workspace& work = *workspace_;
    if (!work.equations.factor(damping_, execution)) {
        return false;
    }
    work.equations.solve(work.residuals, work.pull, work.velocity, execution);
    const double length = norm(work.velocity);
    if (!std::isfinite(length)) {
        return false;
    }
    if (options_.geodesic_acceleration) {
        work.measure_curvature(iterate.current, execution);
        work.equations.solve(work.curvature, {}, work.acceleration, execution);
        if (!(norm(work.acceleration) <= most_curvature * length)) {
            return false;
        }
    }
    set_in_parts(work.candidate, work.velocity);
    if (options_.geodesic_acceleration) {
        by_parts([](auto to, const auto& acceleration) { to += 0.5 * acceleration; },
                 work.candidate, work.acceleration);
    }
    by_parts([](auto to, const auto& from) { to += from; }, work.candidate, iterate.current);
    work.trial_losses =
        work.problem.evaluate(work.candidate.data(), work.trial_residuals.data(), execution);
    return true;
}

bool LevenbergMarquardt::accept(const Iterate<double>& iterate, double lowest_damping) {
    Workspace& work = *workspace_;
    double reduction = 0.0;  // Σ (r − r⁺)(r + r⁺), which cancels less than Σr² − Σr⁺²
    in_parts_to_the_end(static_cast<Index>(work.residuals.size()), [&](Index first, Index last) {
        for (auto i = static_cast<std::size_t>(first); std::cmp_less(i, last); ++i) {
            reduction = add_product(reduction, work.residuals[i] - work.trial_residuals[i],
                                    work.residuals[i] + work.trial_residuals[i]);
        }
    });
    in_parts_to_the_end(static_cast<Index>(work.penalties.size()), [&](Index first, Index last) {
        for (auto p = static_cast<std::size_t>(first); std::cmp_less(p, last); ++p) {
            reduction =
                add_product(reduction, work.penalties[p] * (iterate.current[p] - work.candidate[p]),
                            iterate.current[p] + work.candidate[p]);
        }
    });
    const double before = work.losses.total + work.penalty(iterate.current);
    const bool lower = reduction > 0.0 &&
                       work.trial_losses.total + work.penalty(work.candidate) <= before;  // not NaN
    if (!lower) {
        return false;
    }
    // Nielsen's gain: by (JᵀJ + λI) δ = −g the model promises λ‖δ‖² − gᵀδ, two positive terms.
    const double promised = add_product(-inner_product(work.gradient, work.velocity), damping_,
                                        inner_product(work.velocity, work.velocity));
    const double gain = 2.0 * reduction / promised - 1.0;
    damping_ = std::max(damping_ * std::max(1.0 / 3.0, 1.0 - gain * gain * gain), lowest_damping);
    raise_ = 2.0;
    if (reduction <= options_.stopping.loss_tolerance * before) {
        finished_ = FitEnd::loss;
    }
    std::swap(work.residuals, work.trial_residuals);
    work.losses = work.trial_losses;
    return true;
}

void LevenbergMarquardt::reject() {
    damping_ *= raise_;
    raise_ *= 2.0;
}

}  // namespace jetmlp
