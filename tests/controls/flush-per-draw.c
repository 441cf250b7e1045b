/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known bad: a driver that does not batch. Linked into the workload in place of glDrawArrays, so that each draw is sent
 * to the VMM by itself. The picture is the same, and with one draw in a submission so is the count; with several the
 * virtqueue takes as many commands as there are draws. */
#include <GLES3/gl3.h>

void __real_glDrawArrays(GLenum mode, GLint first, GLsizei count);
void __wrap_glDrawArrays(GLenum mode, GLint first, GLsizei count);

void __wrap_glDrawArrays(GLenum mode, GLint first, GLsizei count)
{
    __real_glDrawArrays(mode, first, count);
    glFlush();
}
