/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gnuplot's SVG read with libxml2 and written anew: what is not known here (scripts, links, anything with a name) does
 * not get through, whoever made it. */
#include "report/svg.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <math.h>
#include <stdlib.h>
#include "report/svg_path.h"

enum { DEEPEST = 32 };
static const double common_width = 1.3; /* of lines, in px: what every script asks for */
static const char text_colour[] = "#3d454c";

/* What an element inherits from the groups around it. */
struct style {
    char stroke[8], fill[8], current[8]; /* "#rrggbb", "none" or "" */
    double width, x, y, turn, scale, opacity;
    const xmlChar *anchor; /* borrowed from the document */
    double size;
};

static xmlChar *get(xmlNodePtr node, const char *name)
{
    return xmlGetProp(node, BAD_CAST name);
}

static void free_xml_text(xmlChar **text)
{
    xmlFree(*text);
}
#define autoxml VG_CLEANUP(free_xml_text)

static double number(xmlNodePtr node, const char *name, double otherwise)
{
    autoxml xmlChar *text = get(node, name);
    double value = text ? strtod((const char *)text, NULL) : otherwise;
    return isfinite(value) ? value : otherwise;
}

/* "rgb(  0, 114, 178)", "#0072b2", "none", "black", "currentColor" -> seven characters or fewer. */
static void take_colour(xmlNodePtr node, const char *name, const char *current, char colour[8])
{
    unsigned red, green, blue;
    autoxml xmlChar *text = get(node, name);
    if (!text)
        return;
    const char *value = (const char *)text;
    if (sscanf(value, "rgb(%u ,%u ,%u", &red, &green, &blue) == 3 ||
        sscanf(value, "#%2x%2x%2x", &red, &green, &blue) == 3)
        snprintf(colour, 8, "#%02x%02x%02x", red & 255, green & 255, blue & 255);
    else if (vg_equal(value, "currentColor"))
        memcpy(colour, current, 8);
    else
        snprintf(colour, 8, "%s", vg_equal(value, "none") ? "none" : vg_equal(value, "white") ? "#ffffff" : "#000000");
}

/* translate(x,y), then perhaps rotate(degrees) and scale(s). */
static void take_transform(xmlNodePtr node, struct style *style)
{
    autoxml xmlChar *text = get(node, "transform");
    const char *at;
    if (!text)
        return;
    if ((at = strstr((const char *)text, "translate(")) != NULL)
        sscanf(at, "translate(%lf ,%lf", &style->x, &style->y);
    if ((at = strstr((const char *)text, "rotate(")) != NULL)
        sscanf(at, "rotate(%lf", &style->turn);
    if ((at = strstr((const char *)text, "scale(")) != NULL)
        sscanf(at, "scale(%lf", &style->scale);
}

static void take_style(xmlNodePtr node, struct style *style)
{
    take_colour(node, "color", style->current, style->current);
    take_colour(node, "stroke", style->current, style->stroke);
    take_colour(node, "fill", style->current, style->fill);
    style->width = number(node, "stroke-width", style->width);
    style->size = number(node, "font-size", style->size);
    style->opacity = number(node, "fill-opacity", style->opacity);
    take_transform(node, style);
}

static void add_attribute(struct vg_text *out, const char *name, const char *value)
{
    vg_text_add(out, " %s=\"%s\"", name, value);
}

static void add_numbered(struct vg_text *out, const char *name, double value)
{
    vg_text_add(out, " %s=\"", name);
    vg_svg_add_number(out, value);
    vg_text_add(out, "\"");
}

static void add_escaped(struct vg_text *out, const char *text)
{
    for (const char *c = text; *c; c++)
        switch (*c) {
        case '<':
            vg_text_add(out, "&lt;");
            break;
        case '>':
            vg_text_add(out, "&gt;");
            break;
        case '&':
            vg_text_add(out, "&amp;");
            break;
        case '"':
            vg_text_add(out, "&quot;");
            break;
        default:
            vg_text_add_bytes(out, c, 1);
        }
}

/* Dashes are numbers and commas, or they are left out. */
static void add_dashes(struct vg_text *out, xmlNodePtr node)
{
    autoxml xmlChar *dashes = get(node, "stroke-dasharray");
    if (dashes && strspn((const char *)dashes, "0123456789., ") == strlen((const char *)dashes))
        add_attribute(out, "stroke-dasharray", (const char *)dashes);
}

static void add_path(struct vg_text *out, xmlNodePtr node, const struct style *style)
{
    autoxml xmlChar *data = get(node, "d");
    vg_autotext struct vg_text path = { 0 };
    bool filled = style->fill[0] && !vg_equal(style->fill, "none");
    if (!data || !vg_svg_add_path(&path, (const char *)data) || !path.length)
        return;
    vg_text_add(out, "<path d=\"%s\"", path.data);
    if (style->stroke[0])
        add_attribute(out, "stroke", style->stroke);
    add_attribute(out, "fill", filled ? style->fill : "none");
    if (filled && style->opacity < 1)
        vg_text_add(out, " fill-opacity=\"%.2g\"", style->opacity);
    if (fabs(style->width - common_width) > 0.05)
        add_numbered(out, "stroke-width", style->width);
    add_dashes(out, node);
    vg_text_add(out, "/>");
}

static void add_polygon(struct vg_text *out, xmlNodePtr node, const struct style *style)
{
    autoxml xmlChar *data = get(node, "points");
    vg_autotext struct vg_text points = { 0 };
    if (!data || !vg_svg_add_points(&points, (const char *)data))
        return;
    vg_text_add(out, "<polygon points=\"%s\"", points.data);
    add_attribute(out, "fill", style->fill[0] ? style->fill : "none");
    if (style->opacity < 1)
        vg_text_add(out, " fill-opacity=\"%.2g\"", style->opacity);
    vg_text_add(out, "/>");
}

static void add_words(struct vg_text *out, xmlNodePtr node, const struct style *style)
{
    autoxml xmlChar *content = xmlNodeGetContent(node);
    const char *words = content ? (const char *)content : "";
    words += strspn(words, " \t\n");
    if (!*words)
        return;
    vg_text_add(out, "<text");
    if (style->turn != 0) {
        vg_text_add(out, " transform=\"translate(");
        vg_svg_add_number(out, style->x);
        vg_text_add(out, ",");
        vg_svg_add_number(out, style->y);
        vg_text_add(out, ") rotate(%.0f)\"", style->turn);
    } else {
        add_numbered(out, "x", style->x);
        add_numbered(out, "y", style->y);
    }
    if (!vg_equal(style->fill, text_colour))
        add_attribute(out, "fill", style->fill[0] ? style->fill : "#000000");
    if (vg_equal((const char *)style->anchor, "middle") || vg_equal((const char *)style->anchor, "end"))
        add_attribute(out, "text-anchor", (const char *)style->anchor);
    if (style->size > 0 && fabs(style->size - 13) > 0.1)
        add_numbered(out, "font-size", style->size);
    vg_text_add(out, ">");
    add_escaped(out, words);
    vg_text_add(out, "</text>");
}

/* gnuplot's points refer to shapes by name; a name would have to be unique on the page, so each becomes a disc. */
static void add_disc(struct vg_text *out, const struct style *style)
{
    vg_text_add(out, "<circle");
    add_numbered(out, "cx", style->x);
    add_numbered(out, "cy", style->y);
    add_numbered(out, "r", fmax(0.5, fabs(style->scale)));
    add_attribute(out, "fill", style->current[0] ? style->current : "#000000");
    vg_text_add(out, "/>");
}

static void add_node(struct vg_text *out, xmlNodePtr node, struct style style, unsigned depth)
{
    if (node->type != XML_ELEMENT_NODE || depth > DEEPEST)
        return;
    const char *name = (const char *)node->name;
    autoxml xmlChar *anchor = get(node, "text-anchor");
    if (anchor)
        style.anchor = anchor;
    take_style(node, &style);
    if (vg_equal(name, "g"))
        for (xmlNodePtr child = node->children; child; child = child->next)
            add_node(out, child, style, depth + 1);
    else if (vg_equal(name, "path"))
        add_path(out, node, &style);
    else if (vg_equal(name, "polygon"))
        add_polygon(out, node, &style);
    else if (vg_equal(name, "text"))
        add_words(out, node, &style);
    else if (vg_equal(name, "use"))
        add_disc(out, &style);
}

VG_DEFINE_CLEANUP(free_document, xmlDocPtr, xmlFreeDoc)

char *vg_svg_inline(const char *svg, const char *label, struct vg_error *err)
{
    xmlDocPtr document VG_CLEANUP(free_document) = xmlReadMemory(
        svg, (int)strlen(svg), "plot.svg", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNodePtr root = document ? xmlDocGetRootElement(document) : NULL;
    double width = root ? number(root, "width", 0) : 0, height = root ? number(root, "height", 0) : 0;
    if (!root || !vg_equal((const char *)root->name, "svg") || !(width > 0) || !(height > 0)) {
        vg_fail(err, VG_ERROR_ENVIRONMENT, "what gnuplot wrote is no SVG");
        return NULL;
    }
    struct vg_text out = { 0 };
    struct style style = { .width = common_width, .scale = 1, .opacity = 1, .size = 13 };
    vg_text_add(
        &out,
        "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" fill=\"%s\" font-size=\"13\" "
        "stroke-width=\"%.1f\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-label=\"",
        width, height, width, height, text_colour, common_width);
    vg_autofree char *clean = vg_printable(label, strlen(label), 1 << 16);
    add_escaped(&out, clean);
    vg_text_add(&out, "\">");
    for (xmlNodePtr child = root->children; child; child = child->next)
        add_node(&out, child, style, 0);
    vg_text_add(&out, "</svg>");
    return out.data;
}
