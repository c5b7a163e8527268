#include "least_squares/leave_one_out.hpp"
#include "optim/evidence_workspace.hpp"

#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace jetmlp {

namespace {

// Gives α and β back on every way out.
struct Kept {
    explicit Kept(Precisions& precisions) : place(precisions), before(precisions) {}
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    ~Kept() { place = std::move(before); }

    Precisions& place;
    Precisions before;
};

}  // namespace

EvidenceReport Evidence::report(bool with_covariance, Execution& execution) {
    if (workspace_->best.parameters.empty()) {
        EvidenceReport report;
        report.log_evidence = -std::numeric_limits<double>::infinity();
        return report;
    }
    return report_at(workspace_->best.parameters, with_covariance, execution);
}

EvidenceReport Evidence::report_at(const std::vector<double>& parameters, bool with_covariance,
                                   Execution& execution) {
    Workspace& work = *workspace_;
    EvidenceReport report;
    const Kept kept(work.precisions);
    if (parameters == work.best.parameters) {
        work.precisions.set(work.best.alphas, work.best.betas);
    }
    work.problem.evaluate(parameters.data(), work.residuals.data(), execution);
    work.evaluated = false;  // the fit goes on elsewhere
    work.linearize(parameters, execution);
    if (!work.system.factor(1.0, execution)) {
        throw std::runtime_error(
            "regularization: expected an evidence that float64 can tell at the fitted parameters, "
            "which the model keeps, got one that is lost in rounding");
    }
    report.parameters = parameters;
    report.log_evidence = work.evaluate_evidence(parameters);
    report.prior_precisions = work.precisions.alphas();
    report.noise_precisions = work.precisions.betas();
    Buffer<double> of_parameters(work.n_parameters);
    Buffer<double> of_residuals(work.n_residuals);
    work.system.effective(of_parameters, of_residuals, true, execution);
    report.effective_parameters = std::accumulate(of_parameters.begin(), of_parameters.end(), 0.0);
    report.effective_by_group = work.precisions.by_group(of_parameters);
    report.effective_by_kind = work.precisions.by_kind(of_residuals);

    const LeftOut left_out =
        leave_out_samples(work.system, work.problem.layout(), work.whitened, execution);
    report.entries = work.problem.layout().entries();
    report.kinds = work.problem.layout().kinds();
    const std::vector<double> scales = work.problem.layout().error_scales();
    for (std::size_t i = 0; i < work.n_residuals; ++i) {
        // From whitened units to those of the targets.
        const double unit = scales[i] * work.precisions.row_scales()[i];
        report.noise_variances.push_back(1.0 / (unit * unit));
        report.leave_one_out.push_back(left_out.errors[i] / unit);
        report.leave_one_out_variances.push_back(left_out.variances[i] / (unit * unit));
    }
    if (with_covariance) {
        report.covariance_factor.resize(
            count_of(work.problem.n_parameters(), work.problem.n_parameters()));
        work.system.covariance_factor(report.covariance_factor.data(), execution);
        for (std::size_t at = 0; at < report.covariance_factor.size(); ++at) {
            report.covariance_factor[at] *= work.precisions.column_scales()[at / work.n_parameters];
        }
    }
    return report;
}

}  // namespace jetmlp
