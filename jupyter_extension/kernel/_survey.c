/* Looks at a large structure of plain objects in a fraction of the time that pickling it takes.
 *
 * Why in C: two million objects have to be looked at within some hundredths of a second. Nothing is changed on the way, not
 * even a reference count, so that a forked child copies hardly a page. All goes through the stable ABI: one binary serves every
 * CPython from 3.8 on. Without xxhash.h this module cannot be built, and every structure is pickled each time.
 */
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x03080000
#endif
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

PyDoc_STRVAR(survey_doc,
"survey(obj, barred) -> (digest, shared, texts) or None\n\n"
"Look at a whole structure of plain objects without changing it. The digest (16 bytes, XXH3-128) covers every container's\n"
"address, type and items, and every atom's address and value. `shared`: its containers that something else may hold, too.\n"
"`texts`: those that are held more than once, if nothing else below `obj` is whose identity counts; else, or if there are\n"
"too many of them, None.\n"
"None if anything in it is of another type than int, float, complex, bool, str, bytes, None, list, tuple, dict, set,\n"
"frozenset and bytearray, or its id is in the set `barred`. See pickling/survey.py.");


enum kind { SINGLE, FLOAT, INT, LARGE_INT, STR, BYTES, COMPLEX, LIST, TUPLE, DICT, SET, FROZENSET, BYTEARRAY };
enum verdict { FAILED = -1, PLAIN, OTHER };
#define WORDS 4096
#define MOST_TEXTS 1000
#define RECENT 512
#define SHORT 64 /* bytes of a text that go between the words; longer ones are hashed where they are */

#if Py_LIMITED_API < 0x030a0000 /* exported since 3.3, in the stable ABI since 3.10 */
extern const char *PyUnicode_AsUTF8AndSize(PyObject *, Py_ssize_t *);
#endif

/* How a str begins in every CPython up to 3.14 with a GIL, and where `state` says that it is ASCII: measured once, and 0 if
 * that fails. Asking such a text for its bytes changes nothing; asking any text for its hash writes the hash into it, and a
 * forked child pays for each page that it writes to. */
struct text {
    PyObject_HEAD
    Py_ssize_t length;
    Py_hash_t hash;
    unsigned char state; /* the first byte of it */
};
static unsigned char ascii_bit;

typedef struct {
    XXH3_state_t *hash;
    size_t used;
    uint64_t words[WORDS];
    PyObject **waiting; /* containers whose items have yet to be looked at: borrowed, nothing changes meanwhile */
    size_t count, room;
    PyObject *barred, *seen, *shared, *texts;
    int tree;
    PyObject *recent[RECENT]; /* texts held more than once, by their addresses: the keys of records come again and again */
} Survey;

static void flush_words(Survey *s)
{
    XXH3_128bits_update(s->hash, s->words, s->used * sizeof(uint64_t));
    s->used = 0;
}

static void put(Survey *s, uint64_t word)
{
    if (s->used == WORDS)
        flush_words(s);
    s->words[s->used++] = word;
}

static void put_bytes(Survey *s, const char *data, Py_ssize_t length)
{
    put(s, (uint64_t)length);
    flush_words(s);
    XXH3_128bits_update(s->hash, data, (size_t)length);
}

static void put_double(Survey *s, double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    put(s, word);
}

/* An address has at most 57 bits: the kind of what stands there fits above them. */
static void put_object(Survey *s, PyObject *obj, enum kind kind)
{
    put(s, (uint64_t)(uintptr_t)obj ^ (uint64_t)kind << 60);
}

static enum verdict note_text(Survey *s, PyObject *text)
{
    PyObject **recent = &s->recent[((uintptr_t)text >> 4) % RECENT];
    if (*recent == text || !s->tree)
        return PLAIN;
    *recent = text;
    PyObject *address = PyLong_FromVoidPtr(text);
    int known = address ? PyDict_SetItem(s->texts, address, text) : -1;
    Py_XDECREF(address);
    if (PyDict_Size(s->texts) > MOST_TEXTS)
        s->tree = 0;
    return known < 0 ? FAILED : PLAIN;
}

static enum verdict put_ascii(Survey *s, PyObject *text)
{
    Py_ssize_t length;
    const char *data = PyUnicode_AsUTF8AndSize(text, &length);
    if (data == NULL)
        return FAILED;
    if (length > SHORT) {
        put_bytes(s, data, length);
        return PLAIN;
    }
    put(s, (uint64_t)length);
    for (Py_ssize_t at = 0; at < length; at += (Py_ssize_t)sizeof(uint64_t)) {
        uint64_t word = 0;
        size_t left = (size_t)(length - at);
        memcpy(&word, data + at, left < sizeof word ? left : sizeof word);
        put(s, word);
    }
    return PLAIN;
}

static enum verdict put_by_hash(Survey *s, PyObject *text)
{
    Py_hash_t hash = PyObject_Hash(text);
    put(s, (uint64_t)PyUnicode_GetLength(text));
    put(s, (uint64_t)hash);
    return hash == -1 ? FAILED : PLAIN;
}

static enum verdict put_text(Survey *s, PyObject *text)
{
    int ascii = (((struct text *)text)->state & ascii_bit) != 0;
    Py_ssize_t length = PyUnicode_GetLength(text);
    if ((ascii ? put_ascii(s, text) : put_by_hash(s, text)) == FAILED)
        return FAILED;
    if (Py_REFCNT(text) == 1 || length == 0 || (length == 1 && PyUnicode_ReadChar(text, 0) < 256))
        return PLAIN; /* of the shortest ones there is only one each, in every process */
    return note_text(s, text);
}

static enum verdict put_int(Survey *s, PyObject *obj)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(obj, &overflow);
    put_object(s, obj, overflow ? LARGE_INT : INT);
    if (!overflow) {
        put(s, (uint64_t)value);
        return PLAIN;
    }
    PyObject *text = PyNumber_ToBase(obj, 16);
    enum verdict verdict = text ? put_text(s, text) : FAILED;
    Py_XDECREF(text);
    return verdict;
}

/* What only one container holds cannot be met again, nor from elsewhere. */
static enum verdict note_shared(Survey *s, PyObject *obj, int *known)
{
    enum verdict verdict = FAILED;
    PyObject *address = PyLong_FromVoidPtr(obj);
    if (address == NULL)
        return FAILED;
    int barred = PySet_Contains(s->barred, address);
    *known = barred == 0 ? PySet_Contains(s->seen, address) : barred;
    if (barred > 0)
        verdict = OTHER;
    else if (*known > 0)
        verdict = PLAIN;
    else if (*known == 0 && PySet_Add(s->seen, address) == 0 && PyList_Append(s->shared, obj) == 0)
        verdict = PLAIN;
    Py_DECREF(address);
    return verdict;
}

static enum verdict put_container(Survey *s, PyObject *obj, enum kind kind)
{
    int known = 0;
    put_object(s, obj, kind);
    int alone = Py_REFCNT(obj) == 1;
    if (!alone && s->room) /* the first container is the whole itself */
        s->tree = 0;
    enum verdict verdict = alone ? PLAIN : note_shared(s, obj, &known);
    if (verdict != PLAIN || known)
        return verdict;
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        PyObject **waiting = realloc(s->waiting, room * sizeof *waiting);
        if (waiting == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        s->waiting = waiting;
        s->room = room;
    }
    s->waiting[s->count++] = obj;
    return PLAIN;
}

static enum verdict look(Survey *s, PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type == &PyUnicode_Type) {
        put_object(s, obj, STR);
        return put_text(s, obj);
    }
    if (type == &PyLong_Type)
        return put_int(s, obj);
    if (type == &PyFloat_Type) {
        put_object(s, obj, FLOAT);
        put_double(s, PyFloat_AsDouble(obj));
        return PLAIN;
    }
    if (type == &PyList_Type)
        return put_container(s, obj, LIST);
    if (type == &PyDict_Type)
        return put_container(s, obj, DICT);
    if (type == &PyTuple_Type)
        return put_container(s, obj, TUPLE);
    if (obj == Py_None || type == &PyBool_Type) {
        put_object(s, obj, SINGLE);
        return PLAIN;
    }
    if (type == &PyBytes_Type) {
        if (Py_REFCNT(obj) != 1)
            s->tree = 0;
        put_object(s, obj, BYTES);
        put_bytes(s, PyBytes_AsString(obj), PyBytes_Size(obj));
        return PLAIN;
    }
    if (type == &PySet_Type || type == &PyFrozenSet_Type)
        return put_container(s, obj, type == &PySet_Type ? SET : FROZENSET);
    if (type == &PyByteArray_Type)
        return put_container(s, obj, BYTEARRAY);
    if (type == &PyComplex_Type) {
        s->tree = 0; /* pickled by a call of its class, which is remembered */
        put_object(s, obj, COMPLEX);
        put_double(s, PyComplex_RealAsDouble(obj));
        put_double(s, PyComplex_ImagAsDouble(obj));
        return PLAIN;
    }
    return OTHER;
}

static enum verdict look_into_set(Survey *s, PyObject *set)
{
    enum verdict verdict = PLAIN;
    PyObject *item, *items = PyObject_GetIter(set);
    if (items == NULL)
        return FAILED;
    put(s, (uint64_t)PySet_Size(set));
    while (verdict == PLAIN && (item = PyIter_Next(items))) {
        verdict = look(s, item);
        Py_DECREF(item);
    }
    Py_DECREF(items);
    return PyErr_Occurred() ? FAILED : verdict;
}

static enum verdict look_into_dict(Survey *s, PyObject *dict)
{
    enum verdict verdict = PLAIN;
    PyObject *key, *value;
    Py_ssize_t at = 0;
    put(s, (uint64_t)PyDict_Size(dict));
    while (verdict == PLAIN && PyDict_Next(dict, &at, &key, &value)) {
        verdict = look(s, key);
        if (verdict == PLAIN)
            verdict = look(s, value);
    }
    return verdict;
}

static enum verdict look_into(Survey *s, PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    enum verdict verdict = PLAIN;
    if (type == &PyDict_Type)
        return look_into_dict(s, obj);
    if (type == &PySet_Type || type == &PyFrozenSet_Type)
        return look_into_set(s, obj);
    if (type == &PyByteArray_Type) {
        put_bytes(s, PyByteArray_AsString(obj), PyByteArray_Size(obj));
        return PLAIN;
    }
    Py_ssize_t length = type == &PyList_Type ? PyList_Size(obj) : PyTuple_Size(obj);
    put(s, (uint64_t)length);
    for (Py_ssize_t i = 0; verdict == PLAIN && i < length; i++)
        verdict = look(s, type == &PyList_Type ? PyList_GetItem(obj, i) : PyTuple_GetItem(obj, i));
    return verdict;
}

static PyObject *surveyed(Survey *s, PyObject *obj)
{
    XXH128_canonical_t digest;
    XXH3_128bits_reset(s->hash);
    enum verdict verdict = look(s, obj);
    while (verdict == PLAIN && s->count)
        verdict = look_into(s, s->waiting[--s->count]);
    if (verdict == FAILED)
        return NULL;
    if (verdict == OTHER)
        Py_RETURN_NONE;
    flush_words(s);
    XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(s->hash));
    PyObject *texts = s->tree ? PyDict_Values(s->texts) : Py_BuildValue("");
    return texts ? Py_BuildValue("y#ON", &digest, (Py_ssize_t)sizeof digest, s->shared, texts) : NULL;
}

static PyObject *survey(PyObject *module, PyObject *args)
{
    PyObject *obj, *barred, *result = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO!", &obj, &PyFrozenSet_Type, &barred))
        return NULL;
    Survey *s = calloc(1, sizeof *s);
    if (s == NULL)
        return PyErr_NoMemory();
    s->barred = barred;
    s->tree = 1;
    s->hash = XXH3_createState();
    s->seen = PySet_New(NULL);
    s->shared = PyList_New(0);
    s->texts = PyDict_New();
    if (s->hash && s->seen && s->shared && s->texts)
        result = surveyed(s, obj);
    else if (!PyErr_Occurred())
        PyErr_NoMemory();
    Py_XDECREF(s->seen);
    Py_XDECREF(s->shared);
    Py_XDECREF(s->texts);
    XXH3_freeState(s->hash);
    free(s->waiting);
    free(s);
    return result;
}

static PyMethodDef methods[] = {
    {"survey", survey, METH_VARARGS, survey_doc},
    {NULL, NULL, 0, NULL},
};

/* Two texts that differ in nothing but that tell the bit; where the rest is not as expected either, there is none. */
static int survey_exec(PyObject *module)
{
    static const char latin[] = "caf\xc3\xa9";
    PyObject *plain = PyUnicode_DecodeUTF8("cafe", 4, NULL), *other = PyUnicode_DecodeUTF8(latin, 5, NULL);
    (void)module;
    if (plain && other) {
        struct text *a = (struct text *)plain, *b = (struct text *)other;
        unsigned char bit = a->state ^ b->state;
        int before = a->length == 4 && a->hash == -1 && b->length == 4;
        Py_hash_t hash = PyObject_Hash(plain);
        if (before && a->hash == hash && (bit & a->state) == bit && (bit & (bit - 1)) == 0)
            ascii_bit = bit;
    }
    int failed = plain == NULL || other == NULL;
    Py_XDECREF(plain);
    Py_XDECREF(other);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, survey_exec}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_survey", "Look at plain objects quickly.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__survey(void)
{
    return PyModuleDef_Init(&definition);
}
