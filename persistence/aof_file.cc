#include "persistence/aof_file.h"

#include <utility>

#include "persistence/aof_marks.h"

namespace weir {
namespace {

/// How much filler is written at a time.
constexpr size_t kFillerBytes = size_t{256} * 1024;

}  // namespace

IoResult<AofFile> AofFile::create(FileSystem& files, std::string path) {
  IoResult<File> file = File::create(files, std::move(path));
  if (!file) return tl::unexpected(std::move(file).error());
  return AofFile(std::make_shared<File>(std::move(*file)), 0);
}

IoResult<AofFile> AofFile::open(FileSystem& files, std::string path, uint64_t size) {
  IoResult<File> file = File::open_for_write(files, std::move(path));
  if (!file) return tl::unexpected(std::move(file).error());
  AofFile opened(std::make_shared<File>(std::move(*file)), size);
  opened.is_cut_ = false;  // there may be filler
  return opened;
}

IoResult<void> AofFile::mark(std::optional<uint64_t> previous_bytes) {
  resp::Buffer batch;
  aof::append_mark(batch, previous_bytes);
  return append(batch, std::nullopt).and_then([this] { return file_->fdatasync(); });
}

IoResult<void> AofFile::append(resp::Buffer& batch, std::optional<uint64_t> durable) {
  if (!is_cut_) {
    if (IoResult<void> cut = file_->resize(size_); !cut) return cut;
    is_cut_ = true;
    filled_ = size_;
  }
  const size_t length = batch.size();
  aof::Sum sum;
  if (durable && durable != told_durable_) sum.durable = durable;
  sum.hash = aof::hash_of(batch.view(), sum.durable.value_or(0));
  aof::append_sum(batch, sum, size_ + length);
  const size_t written = batch.size();
  IoResult<void> done = file_->write_at(batch.view(), size_);
  batch.truncate(length);
  if (!done) {
    is_cut_ = file_->resize(size_).has_value();
    filled_ = size_;
    return done;
  }
  size_ += written;
  if (durable) told_durable_ = durable;
  if (is_filling_ && size_ > filled_) fill();
  return {};
}

// What cannot be written ahead will be written later, or not: nothing depends on it.
void AofFile::fill() {
  if (!aof::can_fill_from(size_)) return;
  resp::Buffer filler;
  const size_t bytes = kFillerBytes - static_cast<size_t>(size_ % aof::kFillerLine);
  aof::append_filler(filler, size_, bytes);
  if (file_->write_at(filler.view(), size_)) {
    filled_ = size_ + bytes;
  } else {
    is_cut_ = file_->resize(size_).has_value();
    filled_ = size_;
  }
}

IoResult<void> AofFile::trim() {
  if (is_cut_ && filled_ <= size_) return {};
  IoResult<void> cut = file_->resize(size_);
  if (cut) {
    is_cut_ = true;
    filled_ = size_;
  }
  return cut;
}

IoResult<void> AofFile::finish() {
  IoResult<void> done = trim().and_then([this] { return file_->fdatasync(); });
  if (!done || size_ == 0 || told_durable_ == size_) return done;
  resp::Buffer nothing;
  set_filling(false);
  return append(nothing, size_).and_then([this] { return file_->fdatasync(); });
}

}  // namespace weir
