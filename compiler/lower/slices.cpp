// See slices.h.
#include "compiler/lower/slices.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace linnet {
namespace {

using Copies = SliceFields::Copies;

bool is_of(const RowsOperand& operand, BufferId buffer) {
  const auto* id = std::get_if<BufferId>(&operand.source);
  return id != nullptr && *id == buffer;
}

// The operand sees the rows of its buffer, all of a row's pixels side by side or a slice of each.
bool sees_rows(const RowsOperand& operand, const Buffer& buffer) {
  return operand.rows == buffer.rows && operand.row_bytes == buffer.row_bytes &&
         (operand.is_slice() || operand.first_byte == 0);
}

// The bytes from pixel to pixel that the call has in this field, or would have if it went by pixels: where a Reshape lies
// between, its pixels are not those of the buffer.
std::int64_t pitch_of(const KernelCall& call, const std::string& field) {
  std::int64_t value = 0;
  for (const Field& f : call.fields) {
    if (f.name == field) value = std::get<std::int64_t>(f.value);
  }
  for (const auto& [name, by_pixels] : call.slices.by_pixels) {
    if (name == field) value = by_pixels;
  }
  return field.ends_with("_bytes") ? value : value * size_bytes(call.output_type.dtype);
}

// Every call but `except` that touches the buffer takes a pitch there and sees its rows in pixels of `pixel_bytes`.
bool may_be_sliced(const Program& program, BufferId id, std::size_t except,
                   std::int64_t pixel_bytes) {
  const Buffer& buffer = program.buffers[id];
  const auto fits = [&](const KernelCall& call, const RowsOperand& operand,
                        const std::string& field) {
    return !field.empty() && sees_rows(operand, buffer) && pitch_of(call, field) == pixel_bytes;
  };
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    const KernelCall& call = program.calls[c];
    if (c == except) continue;
    if (is_of(call.output, id) && !fits(call, call.output, call.slices.output)) return false;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (!is_of(call.inputs[i], id)) continue;
      if (i >= call.slices.inputs.size() || !fits(call, call.inputs[i], call.slices.inputs[i]))
        return false;
    }
  }
  return true;
}

bool removable_join(const Program& program, std::size_t index) {
  const KernelCall& call = program.calls[index];
  if (!sees_rows(call.output, program.buffers[std::get<BufferId>(call.output.source)]))
    return false;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const auto* id = std::get_if<BufferId>(&call.inputs[i].source);
    if (id == nullptr) return false;
    const Buffer& buffer = program.buffers[*id];
    if (buffer.is_input || buffer.is_output || !sees_rows(call.inputs[i], buffer)) return false;
    if (call.inputs[i].is_slice()) return false;  // what it is a slice of would have to move along
    const auto uses = std::count_if(call.inputs.begin(), call.inputs.end(),
                                    [&](const auto& input) { return is_of(input, *id); });
    if (uses > 1 || !may_be_sliced(program, *id, index, call.slices.pixel_bytes[i])) return false;
  }
  return true;
}

bool removable_part(const Program& program, std::size_t index) {
  const KernelCall& call = program.calls[index];
  const auto* from = std::get_if<BufferId>(&call.inputs[0].source);
  const BufferId to = std::get<BufferId>(call.output.source);
  if (from == nullptr || program.buffers[to].is_output) return false;
  return sees_rows(call.inputs[0], program.buffers[*from]) && !call.output.is_slice() &&
         sees_rows(call.output, program.buffers[to]) &&
         may_be_sliced(program, to, index, call.slices.pixel_bytes[0]);
}

void set_field(KernelCall& call, const std::string& name, std::int64_t value) {
  const auto field = std::find_if(call.fields.begin(), call.fields.end(),
                                  [&](const Field& f) { return f.name == name; });
  assert(field != call.fields.end());
  field->value = value;
}

// Where a tensor's pixels lie from now on.
struct NewPlace {
  BufferId buffer;
  std::int64_t first_byte = 0, pitch_bytes = 0, row_bytes = 0;
};

// `pixel_bytes`: of the tensor that moves.
void move(KernelCall& call, RowsOperand& operand, const std::string& field, const NewPlace& place,
          std::int64_t pixel_bytes) {
  if (!operand.is_slice()) {
    operand.pixel_bytes = pixel_bytes;
    operand.first_byte = 0;
    for (const auto& [name, value] : call.slices.by_pixels) set_field(call, name, value);
    call.slices.by_pixels.clear();
  }
  operand.source = place.buffer;
  operand.first_byte += place.first_byte;
  operand.row_bytes = place.row_bytes;
  operand.pixel_pitch_bytes = place.pitch_bytes;
  if (field.empty()) return;  // the application's, or a call that is about to go
  const std::int64_t element_bytes = size_bytes(call.output_type.dtype);
  set_field(call, field,
            field.ends_with("_bytes") ? place.pitch_bytes : place.pitch_bytes / element_bytes);
}

void move_all(Program& program, BufferId from, const NewPlace& to, std::int64_t pixel_bytes) {
  for (KernelCall& call : program.calls) {
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (is_of(call.inputs[i], from))
        move(call, call.inputs[i], call.slices.inputs[i], to, pixel_bytes);
    }
    if (is_of(call.output, from)) {
      move(call, call.output, call.slices.output, to, pixel_bytes);
    }
  }
}

// A buffer that nothing uses any more keeps its number and has no rows.
void empty(Buffer& buffer) { buffer.row_bytes = 0; }

}  // namespace

std::vector<CallId> removable_copies(const Program& program) {
  std::vector<CallId> copies;
  for (std::size_t c = 0; c < program.calls.size(); ++c) {
    const Copies kind = program.calls[c].slices.copies;
    if ((kind == Copies::join && removable_join(program, c)) ||
        (kind == Copies::part && removable_part(program, c))) {
      copies.push_back(CallId{c});
    }
  }
  return copies;
}

void remove_copy(Program& program, CallId copy) {
  const auto at = program.calls.begin() + static_cast<std::ptrdiff_t>(copy.index());
  const KernelCall call = std::move(*at);
  program.calls.erase(at);
  const SliceFields& slices = call.slices;
  if (slices.copies == Copies::join) {
    NewPlace place;
    place.buffer = std::get<BufferId>(call.output.source);
    place.row_bytes = call.output.row_bytes;
    place.pitch_bytes = call.output.is_slice() ? call.output.pixel_pitch_bytes
                                               : call.output.row_bytes / slices.width;
    place.first_byte = call.output.is_slice() ? call.output.first_byte : 0;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      const BufferId from = std::get<BufferId>(call.inputs[i].source);
      move_all(program, from, place, slices.pixel_bytes[i]);
      empty(program.buffers[from]);
      place.first_byte += slices.pixel_bytes[i];
    }
    return;
  }
  const RowsOperand& source = call.inputs[0];
  NewPlace place;
  place.buffer = std::get<BufferId>(source.source);
  place.row_bytes = source.row_bytes;
  place.pitch_bytes =
      source.is_slice() ? source.pixel_pitch_bytes : source.row_bytes / slices.width;
  place.first_byte = slices.first_byte + (source.is_slice() ? source.first_byte : 0);
  const BufferId from = std::get<BufferId>(call.output.source);
  move_all(program, from, place, slices.pixel_bytes[0]);
  empty(program.buffers[from]);
}

}  // namespace linnet
