using System.Buffers;
using System.Text;

namespace Ledger.Consensus.Flight;

/// <summary>
/// Draws objects as bytes, field by field. With <paramref name="keepsIdentity"/> what is shared is drawn
/// once, so that it is shared again when it is read back; without it, equal values give equal bytes.
/// </summary>
internal sealed class PictureWriter(IBufferWriter<byte> target, bool keepsIdentity)
{
    private readonly Dictionary<object, ulong>? _drawn
        = keepsIdentity ? new(ReferenceEqualityComparer.Instance) : null;

    public void Write(object? value, Type declared) => Form.Of(declared).Write(value, this);

    /// <returns>False when null or a reference to something drawn before says it all.</returns>
    public bool Opens(object? value)
    {
        if (value is null)
        {
            Number(0);
            return false;
        }

        if (_drawn is not null)
        {
            if (_drawn.TryGetValue(value, out var number))
            {
                Number(number + 2);
                return false;
            }

            _drawn[value] = (ulong)_drawn.Count;
        }

        Number(1);
        return true;
    }

    /// <summary>Seven bits a byte, the least first.</summary>
    public void Number(ulong value)
    {
        var span = target.GetSpan(10);
        var used = 0;
        while (value >= 0x80)
        {
            span[used++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[used++] = (byte)value;
        target.Advance(used);
    }

    public void Text(string value)
    {
        Number((ulong)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, target);
    }

    public Span<byte> Bytes(int count)
    {
        var span = target.GetSpan(count)[..count];
        target.Advance(count);
        return span;
    }
}

/// <summary>Reads objects back from a picture.</summary>
internal sealed class PictureReader(ReadOnlyMemory<byte> source)
{
    private readonly List<object?> _read = [];
    private int _at;

    public bool IsAtEnd => _at == source.Length;

    public object? Read(Type declared) => Form.Of(declared).Read(this);

    /// <summary>Reads what <see cref="PictureWriter.Opens"/> wrote, and the body if there is one.</summary>
    public object? Reference(Func<PictureReader, object> body)
    {
        var mark = Number();
        if (mark == 0)
        {
            return null;
        }

        if (mark >= 2)
        {
            return mark - 2 < (ulong)_read.Count && _read[(int)(mark - 2)] is { } known
                ? known : throw Damaged();
        }

        var place = _read.Count;
        _read.Add(null);
        var value = body(this);
        _read[place] = value;
        return value;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Bytes(1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged();
    }

    /// <summary>
    /// How many elements follow: each takes a byte at least, which bounds what is allocated.
    /// </summary>
    public int Count()
    {
        var count = Number();
        return count <= (ulong)(source.Length - _at) ? (int)count : throw Damaged();
    }

    public string Text() => Encoding.UTF8.GetString(Bytes(Count()));

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > source.Length - _at)
        {
            throw Damaged();
        }

        _at += count;
        return source.Span.Slice(_at - count, count);
    }

    /// <summary>All that is left.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        var rest = source[_at..];
        _at = source.Length;
        return rest;
    }

    public static FlightException Damaged() => new("what it holds cannot be read back");
}
