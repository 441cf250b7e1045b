/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a package, from outside to the entries of its archive: one gzip member, in it a tar of the one form
 * (tar.c), behind it nothing. Memory is bounded whatever comes in; how much comes out is bounded by what the reader of
 * entries asks for, so that a decompression bomb is cut where it begins. */
#include "certify/package.h"

#include <errno.h>
#include <zlib.h>

enum { PIECE_BYTES = 1 << 16, GZIP_HEADER_BYTES = 10 };

struct cert_stream {
    struct cert_source source;
    z_stream zip;
    bool zip_ended, source_ended;
    uint64_t left;    /* bytes of the entry that were not read yet */
    unsigned padding; /* bytes up to the next block, behind the entry's */
    unsigned char in[PIECE_BYTES];
};

/* More input for zlib, if there is some. */
static bool refill(struct cert_stream *stream, struct vg_error *err)
{
    ssize_t got;
    do
        got = stream->source.read(stream->source.context, stream->in, sizeof(stream->in));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return vg_fail_errno(err, VG_ERROR_INPUT, errno, "cannot read the package");
    stream->source_ended = got == 0;
    stream->zip.next_in = stream->in;
    stream->zip.avail_in = (unsigned)got;
    return true;
}

/* No name, no comment, no time: what `gzip` may put there has no place in a package. */
static bool header_good(const unsigned char *in, size_t length, struct vg_error *err)
{
    static const unsigned char magic[] = { 0x1f, 0x8b, 8 }, rest[] = { 0, 0, 0, 0, 0 };
    if (length < GZIP_HEADER_BYTES || memcmp(in, magic, sizeof(magic)) != 0)
        return vg_fail(err, VG_ERROR_INPUT, "it is not compressed by gzip, or shorter than a gzip header");
    if (memcmp(in + 3, rest, sizeof(rest)) != 0 || in[9] != 3)
        return vg_fail(err, VG_ERROR_INPUT,
                       "its gzip header is not as vgauge writes it: it has a name, a comment or a time");
    return true;
}

struct cert_stream *cert_stream_open(struct cert_source source, struct vg_error *err)
{
    struct cert_stream *stream = vg_calloc(1, sizeof(*stream));
    stream->source = source;
    if (inflateInit2(&stream->zip, 15 + 16) != Z_OK) /* largest window, gzip only */
        vg_out_of_memory();
    if (refill(stream, err) && header_good(stream->in, stream->zip.avail_in, err))
        return stream;
    cert_stream_close(stream);
    return NULL;
}

void cert_stream_close(struct cert_stream *stream)
{
    if (!stream)
        return;
    inflateEnd(&stream->zip);
    free(stream);
}

/* Up to length bytes; fewer only where the gzip member ends. */
static bool inflate_some(struct cert_stream *stream, void *buffer, size_t length, size_t *got, struct vg_error *err)
{
    stream->zip.next_out = buffer;
    stream->zip.avail_out = (unsigned)length;
    while (stream->zip.avail_out && !stream->zip_ended) {
        if (stream->zip.avail_in == 0 && !stream->source_ended && !refill(stream, err))
            return false;
        int result = inflate(&stream->zip, Z_NO_FLUSH);
        if (result == Z_BUF_ERROR && stream->source_ended)
            return vg_fail(err, VG_ERROR_INPUT, "it is cut: its compressed data do not come to their end");
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return vg_fail(err, VG_ERROR_INPUT, "its compressed data are damaged (%s)",
                           stream->zip.msg ? stream->zip.msg : "no reason given");
        stream->zip_ended = result == Z_STREAM_END;
    }
    *got = length - stream->zip.avail_out;
    return true;
}

static bool read_exactly(struct cert_stream *stream, void *buffer, size_t length, struct vg_error *err)
{
    unsigned char *to = buffer;
    while (length) {
        size_t piece = length > PIECE_BYTES ? PIECE_BYTES : length, got;
        if (!inflate_some(stream, to, piece, &got, err))
            return false;
        if (got < piece)
            return vg_fail(err, VG_ERROR_INPUT, "its archive ends in the middle of a file");
        to += got;
        length -= got;
    }
    return true;
}

bool cert_stream_data(struct cert_stream *stream, void *buffer, size_t length, struct vg_error *err)
{
    if (length > stream->left)
        return vg_fail(err, VG_ERROR_INPUT, "an entry is shorter than it should be");
    stream->left -= length;
    return read_exactly(stream, buffer, length, err);
}

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Behind the last entry: a second block of zeros, the end of the member, the end of the file. */
static bool at_end(struct cert_stream *stream, struct vg_error *err)
{
    unsigned char block[CERT_BLOCK_BYTES], more;
    size_t got;
    if (!read_exactly(stream, block, sizeof(block), err) || !inflate_some(stream, &more, 1, &got, err))
        return false;
    if (!is_zero(block, sizeof(block)) || got || !stream->zip_ended)
        return vg_fail(err, VG_ERROR_INPUT, "there is something behind the end of its archive");
    if (stream->zip.avail_in == 0 && !refill(stream, err))
        return false;
    return stream->zip.avail_in == 0 ||
           vg_fail(err, VG_ERROR_INPUT, "there is something behind the end of its compressed data");
}

bool cert_stream_next(struct cert_stream *stream, char name[CERT_NAME_MAX_BYTES + 2], uint64_t *bytes, bool *end,
                      struct vg_error *err)
{
    unsigned char block[CERT_BLOCK_BYTES];
    if (stream->left)
        return vg_fail(err, VG_ERROR_INPUT, "an entry is longer than it should be");
    if (!read_exactly(stream, block, stream->padding, err))
        return false;
    if (!is_zero(block, stream->padding))
        return vg_fail(err, VG_ERROR_INPUT, "there is something hidden behind the end of a file, before the next one");
    stream->padding = 0;
    if (!read_exactly(stream, block, sizeof(block), err))
        return false;
    *end = is_zero(block, sizeof(block));
    if (*end)
        return at_end(stream, err);
    if (!cert_header_read(block, name, bytes, err))
        return false;
    stream->left = *bytes;
    stream->padding = (unsigned)(-*bytes & (CERT_BLOCK_BYTES - 1));
    return true;
}
