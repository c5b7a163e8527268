#include "../least_squares/least_squares.hpp"
#include "../linear_algebra/cholesky.hpp"

#include <jetmlp/optim/levenberg_marquardt.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace jetmlp {

namespace {

using Numbers = Buffer<double>;

double dot(const Numbers& one, const Numbers& other) {
    double sum = 0.0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        sum += one[i] * other[i];
    }
    return sum;
}

double norm(const double* numbers, std::size_t count) {
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += numbers[i] * numbers[i];
    }
    return std::sqrt(sum);
}

double largest(const Numbers& numbers) {
    double most = 0.0;
    for (const double number : numbers) {
        most = std::max(most, std::abs(number));
    }
    return most;
}

}  // namespace

// The systems of a step, in the form that takes less arithmetic:
//   dual    δ = −Jᵀα with (J Jᵀ + λI) α = r
//   primal  (JᵀJ + λI) δ = −Jᵀr
struct LevenbergMarquardt::Workspace {
    explicit Workspace(const Objective<double>& objective)
        : problem(objective),
          dual(problem.dual_cost() <= problem.primal_cost()),
          residuals(static_cast<std::size_t>(problem.n_residuals())),
          trial_residuals(residuals.size()),
          other_residuals(residuals.size()),
          solution(residuals.size()),
          gradient(static_cast<std::size_t>(problem.n_parameters())),
          velocity(gradient.size()),
          acceleration(gradient.size()),
          candidate(gradient.size()) {}

    void assemble(Execution& execution) {
        if (dual) {
            problem.gram(matrix, execution);
        } else {
            problem.normal_matrix(matrix, execution);
        }
        trace = matrix.trace();
    }

    // step = −(JᵀJ + λI)⁻¹ Jᵀ rhs, by the factorization at hand.
    void solve(const Numbers& rhs, Numbers& step) {
        if (dual) {
            cholesky.solve(rhs.data(), solution.data());
            problem.pull_back(solution.data(), step.data());
        } else {
            problem.pull_back(rhs.data(), step.data());
            cholesky.solve(step.data(), step.data());
        }
        for (double& number : step) {
            number = -number;
        }
    }

    LeastSquares problem;
    bool dual;
    bool evaluated = false;  // are losses and residuals those of the iterate?
    Losses losses;
    Numbers residuals;
    Numbers trial_residuals;
    Numbers other_residuals;
    Numbers solution;
    Numbers gradient;  // Jᵀr: half that of the loss
    Numbers velocity;
    Numbers acceleration;
    std::vector<double> candidate;
    SymmetricMatrix matrix;
    double trace = 0.0;
    Cholesky cholesky;
};

LevenbergMarquardt::LevenbergMarquardt(LevenbergMarquardtOptions options) : options_(options) {}
LevenbergMarquardt::~LevenbergMarquardt() = default;

void LevenbergMarquardt::begin(Objective<double>& objective) {
    workspace_ = std::make_unique<Workspace>(objective);
    finished_ = {};
}

Losses LevenbergMarquardt::run_epoch(Objective<double>& /*objective*/, const EpochPlan& /*plan*/,
                                     Iterate<double>& iterate, Execution& execution) {
    Workspace& work = *workspace_;
    execution.interrupt.poll();
    if (!work.evaluated) {
        work.losses = work.problem.evaluate(iterate.current.data(), work.residuals.data());
        work.evaluated = true;
    }
    if (!std::isfinite(work.losses.total)) {
        throw Diverged();
    }
    const Losses before = work.losses;
    if (before.total <= options_.target_loss) {
        finished_ = "target";
        return before;
    }
    work.problem.linearize(iterate.current.data());
    work.problem.pull_back(work.residuals.data(), work.gradient.data());
    if (2.0 * largest(work.gradient) <= options_.gradient_tolerance) {
        finished_ = "gradient";
        return before;
    }
    work.assemble(execution);
    step(work, iterate, execution);
    return before;
}

void LevenbergMarquardt::step(Workspace& work, Iterate<double>& iterate, Execution& execution) {
    // Below the rounding of the matrix a shift means nothing.
    const double floor = std::numeric_limits<double>::epsilon() * work.trace;
    if (damping_ < 0.0) {
        damping_ = options_.initial_damping * work.trace;
    }
    damping_ = std::max(damping_, floor);
    const std::size_t n_parameters = iterate.current.size();
    const auto reject = [this] {
        damping_ *= raise_;
        raise_ *= 2.0;
    };
    while (true) {
        execution.interrupt.poll();
        if (!std::isfinite(damping_)) {  // not even the smallest step leads anywhere
            damping_ = -1.0;
            raise_ = 2.0;
            finished_ = "step";
            return;
        }
        if (!work.cholesky.factor(work.matrix, damping_, execution)) {
            reject();
            continue;
        }
        work.solve(work.residuals, work.velocity);
        const double length = norm(work.velocity.data(), n_parameters);
        if (!std::isfinite(length)) {
            reject();
            continue;
        }
        // θ can no longer change, whatever the damping.
        const double size = norm(iterate.current.data(), n_parameters);
        if (length <= std::max(options_.step_tolerance,
                               std::numeric_limits<double>::epsilon()) * size) {
            finished_ = "step";
            return;
        }
        bool accelerated = false;
        if (options_.geodesic_acceleration) {
            // r_vv ≈ (r(θ + hv) − 2r + r(θ − hv)) / h²
            constexpr double h = 0.1;
            Numbers& ahead = work.trial_residuals;
            Numbers& behind = work.other_residuals;
            for (const double sign : {1.0, -1.0}) {
                for (std::size_t i = 0; i < n_parameters; ++i) {
                    work.candidate[i] = iterate.current[i] + sign * h * work.velocity[i];
                }
                work.problem.evaluate(work.candidate.data(), (sign > 0 ? ahead : behind).data());
            }
            for (std::size_t i = 0; i < ahead.size(); ++i) {
                ahead[i] = ((ahead[i] - work.residuals[i]) + (behind[i] - work.residuals[i])) /
                           (h * h);
            }
            work.solve(ahead, work.acceleration);
            const double ratio = norm(work.acceleration.data(), n_parameters) / length;
            if (!(ratio <= 0.75)) {
                reject();
                continue;
            }
            accelerated = true;
        }
        for (std::size_t i = 0; i < n_parameters; ++i) {
            work.candidate[i] = iterate.current[i] + work.velocity[i] +
                                (accelerated ? 0.5 * work.acceleration[i] : 0.0);
        }
        const Losses losses =
            work.problem.evaluate(work.candidate.data(), work.trial_residuals.data());
        double reduction = 0.0;  // Σ (r − r⁺)(r + r⁺), which cancels less than Σr² − Σr⁺²
        for (std::size_t i = 0; i < work.residuals.size(); ++i) {
            reduction += (work.residuals[i] - work.trial_residuals[i]) *
                         (work.residuals[i] + work.trial_residuals[i]);
        }
        if (!(reduction > 0.0 && std::isfinite(losses.total))) {
            reject();
            continue;
        }
        // ‖r‖² − ‖r + Jδ‖² = λ‖δ‖² − gᵀδ − …: both terms are positive.
        const double predicted =
            damping_ * length * length - dot(work.gradient, work.velocity);
        const double gain = 2.0 * reduction / (2.0 * predicted) - 1.0;
        damping_ = std::max(
            damping_ * std::max(1.0 / 3.0, 1.0 - (2.0 * gain + 1.0) * (2.0 * gain + 1.0) *
                                                     (2.0 * gain + 1.0)),
            floor);
        raise_ = 2.0;
        if (reduction <= options_.loss_tolerance * work.losses.total) {
            finished_ = "loss";
        }
        std::copy(work.candidate.begin(), work.candidate.end(), iterate.previous.begin());
        std::swap(iterate.current, iterate.previous);
        std::swap(work.residuals, work.trial_residuals);
        work.losses = losses;
        return;
    }
}

}  // namespace jetmlp
