// See draw.h.
#include "compiler/plan/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace linnet {
namespace {

constexpr double kWidth = 1100, kPanel = 420, kLeft = 90, kTop = 46, kGap = 56;
constexpr std::array kColours{"#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2",
                              "#edc948", "#b07aa1", "#9c755f", "#86bcb6", "#d37295"};

// Text between tags or in an attribute: names come from models.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return safe;
}

class Drawing {
 public:
  Drawing(const Program& program, const Plan& plan, const Target& target)
      : program_(program),
        plan_(plan),
        target_(target),
        steps_(std::max<double>(1.0, static_cast<double>(plan.steps.size()))) {}

  std::string draw() {
    std::int32_t panels = 0;
    for (const BankUse& bank : plan_.banks) panels += bank.used_bytes > 0 ? 1 : 0;
    const double height = kTop + panels * (kPanel + kGap);
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n",
        kLeft + kWidth + 20, height);
    add("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    add("<text x=\"{:.0f}\" y=\"20\" font-size=\"14\">{}: {} bytes in arenas, {} alive at most, {} "
        "by whole tensors; {} segments, {} kernel calls</text>\n",
        kLeft, escaped(program_.name), plan_.arena_bytes, plan_.lower_bound_bytes,
        plan_.whole_tensor_bytes, plan_.segments.size(), plan_.kernel_calls());
    double top = kTop;
    for (std::size_t bank = 0; bank < plan_.banks.size(); ++bank) {
      if (plan_.banks[bank].used_bytes == 0) continue;
      draw_bank(bank, top);
      top += kPanel + kGap;
    }
    add("</svg>\n");
    return std::move(text_);
  }

 private:
  template <class... Arguments>
  void add(fmt::format_string<Arguments...> form, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), form, std::forward<Arguments>(arguments)...);
  }

  // Inputs are there before the first step: they begin half a step early, where there is room for it.
  double x_of(double step) const { return kLeft + kWidth * std::max(step, -0.5) / steps_; }

  void draw_bank(std::size_t bank, double top) {
    const double bytes = static_cast<double>(
        std::max(plan_.banks[bank].used_bytes, panels_share_bound() ? plan_.lower_bound_bytes : 0));
    const double bottom = top + kPanel;
    const auto y_of = [&](double address) { return bottom - kPanel * address / bytes; };
    draw_segments(top);
    for (std::size_t i = 0; i < plan_.placements.size(); ++i) {
      const Placement& place = plan_.placements[i];
      if (static_cast<std::size_t>(place.bank) != bank || place.bytes == 0) continue;
      const double left = x_of(static_cast<double>(place.first_step));
      const double right = x_of(static_cast<double>(place.last_step) + 1);
      const double y = y_of(static_cast<double>(place.offset + place.bytes));
      const double high = kPanel * static_cast<double>(place.bytes) / bytes;
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
          "fill-opacity=\"{}\" stroke=\"white\" stroke-width=\"0.5\"><title>{}: {} bytes at {}, {} "
          "rows, steps {} to {}</title></rect>\n",
          left, y, right - left, high, place.is_scratch ? "#999999" : kColours[i % kColours.size()],
          place.is_scratch ? "0.6" : "0.85", escaped(place.name), place.bytes, place.offset,
          place.capacity_rows, place.first_step, place.last_step);
      if (high > 13 && right - left > 60) {
        const auto letters = static_cast<std::size_t>((right - left) / 7);
        add("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"white\" font-size=\"11\">{}</text>\n", left + 4,
            y + std::min(high - 3, 13.0), escaped(place.name.substr(0, letters)));
      }
    }
    const double peak = x_of(plan_.peak_step + 0.5);
    add("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"black\" "
        "stroke-dasharray=\"2 3\"/><text x=\"{0:.1f}\" y=\"{3:.1f}\">peak</text>\n",
        peak, top, bottom, bottom + 14);
    if (panels_share_bound()) {
      const double y = y_of(static_cast<double>(plan_.lower_bound_bytes));
      add("<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"red\"/>"
          "<text x=\"{3:.1f}\" y=\"{4:.1f}\" fill=\"red\">lower bound {5}</text>\n",
          kLeft, kLeft + kWidth, y, kLeft + kWidth - 150, y - 4, plan_.lower_bound_bytes);
    }
    add("<text x=\"4\" y=\"{:.1f}\">{}</text><text x=\"4\" y=\"{:.1f}\">{} bytes</text>\n",
        bottom - 4, escaped(target_.banks[bank].name), bottom - 20, plan_.banks[bank].used_bytes);
  }

  // The lower bound is of all banks together: in one panel it is a height.
  bool panels_share_bound() const {
    return std::count_if(plan_.banks.begin(), plan_.banks.end(),
                         [](const BankUse& bank) { return bank.used_bytes > 0; }) == 1;
  }

  void draw_segments(double top) {
    for (std::size_t s = 0; s < plan_.segments.size(); ++s) {
      const double left = x_of(static_cast<double>(plan_.segments[s].first_step));
      const double right = s + 1 < plan_.segments.size()
                               ? x_of(static_cast<double>(plan_.segments[s + 1].first_step))
                               : kLeft + kWidth;
      const auto calls = plan_.segments[s].last.index() - plan_.segments[s].first.index() + 1;
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" fill=\"{}\">"
          "<title>segment {}: {} layers, {} rows a step at most</title></rect>\n",
          left, top, right - left, kPanel, s % 2 == 0 ? "#f2f2f2" : "#e4e8ee", s, calls,
          plan_.segments[s].block_rows);
    }
  }

  const Program& program_;
  const Plan& plan_;
  const Target& target_;
  double steps_;
  std::string text_;
};

}  // namespace

std::string draw_svg(const Program& program, const Plan& plan, const Target& target) {
  return Drawing(program, plan, target).draw();
}

}  // namespace linnet
