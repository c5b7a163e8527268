#include "optim/line_search.hpp"

#include <algorithm>
#include <cmath>

namespace jetmlp {

namespace {

constexpr int most_evaluations = 40;
constexpr double least_growth = 2.0;
constexpr double most_growth = 10.0;
// New points keep this share of the interval between themselves and its ends.
constexpr double margin = 0.1;

bool is_finite(const LinePoint& point) {
    return std::isfinite(point.value) && std::isfinite(point.slope);
}

// Minimizer of the cubic that has the values and slopes of both points (Nocedal and Wright, 3.59);
// NaN if there is none.
double cubic_minimizer(const LinePoint& one, const LinePoint& other) {
    const double d1 =
        one.slope + other.slope - 3.0 * (one.value - other.value) / (one.length - other.length);
    const double d2 =
        std::copysign(std::sqrt(d1 * d1 - one.slope * other.slope), other.length - one.length);
    return other.length - (other.length - one.length) * (other.slope + d2 - d1) /
                              (other.slope - one.slope + 2.0 * d2);
}

class Search {
  public:
    Search(const LinePoint& start, const LineSearchOptions& options) : start_(start) {
        tolerance_ = options.noise * std::abs(start.value);
        c1_ = options.sufficient_decrease;
        c2_ = options.curvature;
    }

    [[nodiscard]] bool low_enough(const LinePoint& point) const {
        const bool decreased = point.value <= start_.value + c1_ * point.length * start_.slope;
        // Hager and Zhang's (4.1): the first condition for a quadratic φ, in slopes alone.
        const bool approximately = point.value <= start_.value + tolerance_ &&
                                   point.slope <= (2.0 * c1_ - 1.0) * start_.slope;
        return decreased || approximately;
    }
    [[nodiscard]] bool accepts(const LinePoint& point) const {
        return is_finite(point) && low_enough(point) &&
               std::abs(point.slope) <= c2_ * std::abs(start_.slope);
    }
    [[nodiscard]] double between(const LinePoint& low, const LinePoint& high) const {
        const double width = high.length - low.length;
        double length = low.length + 0.5 * width;
        if (is_finite(high)) {
            double wanted = cubic_minimizer(low, high);
            if (std::abs(high.value - low.value) <= tolerance_ && low.slope * high.slope < 0.0) {
                wanted = low.length - low.slope * width / (high.slope - low.slope);  // secant
            }
            if (std::isfinite(wanted)) {
                const double first = low.length + margin * width;
                const double last = high.length - margin * width;
                length = std::clamp(wanted, std::min(first, last), std::max(first, last));
            }
        }
        return length;
    }
    [[nodiscard]] double tolerance() const { return tolerance_; }

  private:
    LinePoint start_;
    double tolerance_;
    double c1_;
    double c2_;
};

}  // namespace

LinePoint search_line(const LinePoint& start, double first_length, const LineSearchOptions& options,
                      const std::function<LinePoint(double length)>& evaluate) {
    const Search search(start, options);
    LinePoint low = start;  // low enough, and φ falls from here towards `high`
    LinePoint high;         // the other end, once there is one
    bool bracketed = false;
    double length = first_length;
    for (int i = 0; i < most_evaluations; ++i) {
        const LinePoint point = evaluate(length);
        if (search.accepts(point)) {
            return point;
        }
        if (!is_finite(point) || !search.low_enough(point) ||
            point.value > low.value + search.tolerance()) {
            high = point;
            bracketed = true;
        } else {
            if (bracketed ? point.slope * (high.length - low.length) >= 0.0 : point.slope >= 0.0) {
                high = low;
                bracketed = true;
            }
            low = point;
        }
        if (bracketed) {
            length = search.between(low, high);
            if (length == low.length || length == high.length) {
                break;
            }
        } else {
            const double wanted = cubic_minimizer(start, low);
            length = std::isfinite(wanted)
                         ? std::clamp(wanted, least_growth * low.length, most_growth * low.length)
                         : most_growth * low.length;
        }
    }
    // Not all that was wanted, but a decrease.
    if (low.length > 0.0 && low.value < start.value) {
        return evaluate(low.length);
    }
    return start;
}

}  // namespace jetmlp
