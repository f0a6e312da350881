using System.Buffers.Binary;
using Ledger.Crypto;

namespace Ledger.Consensus.Flight;

/// <summary>A value without parts.</summary>
internal sealed class Leaf(Action<object, PictureWriter> write, Func<PictureReader, object> read) : Form
{
    private static readonly Dictionary<Type, Leaf> Leaves = new()
    {
        [typeof(bool)] = new((value, to) => to.Number((bool)value ? 1UL : 0), from => from.Number() != 0),
        [typeof(byte)] = new((value, to) => to.Number((byte)value), from => (byte)from.Number()),
        [typeof(ushort)] = new((value, to) => to.Number((ushort)value), from => (ushort)from.Number()),
        [typeof(int)] = new((value, to) => to.Number(Fold((int)value)), from => (int)Unfold(from.Number())),
        [typeof(uint)] = new((value, to) => to.Number((uint)value), from => (uint)from.Number()),
        [typeof(long)] = new((value, to) => to.Number(Fold((long)value)), from => Unfold(from.Number())),
        [typeof(ulong)] = new(
            WriteWord, from => BinaryPrimitives.ReadUInt64BigEndian(from.Bytes(sizeof(ulong)))),
        [typeof(TimeSpan)] = new(
            (value, to) => to.Number(Fold(((TimeSpan)value).Ticks)),
                from => new TimeSpan(Unfold(from.Number()))),
        [typeof(Digest)] = new(
            (value, to) => ((Digest)value).CopyTo(to.Bytes(Digest.Size)),
                from => new Digest(from.Bytes(Digest.Size))),
        [typeof(PublicKey)] = new(
            (value, to) => ((PublicKey)value).CopyTo(to.Bytes(PublicKey.Size)),
            from => new PublicKey(from.Bytes(PublicKey.Size))),
        [typeof(Signature)] = new(
            (value, to) => ((Signature)value).CopyTo(to.Bytes(Signature.Size)),
            from => new Signature(from.Bytes(Signature.Size))),
    };

    private static readonly Leaf Words = new((value, to) => to.Text((string)value), from => from.Text());

    public static Form? FormOf(Type type)
    {
        if (type == typeof(string))
        {
            return new TextForm();
        }

        return type.IsEnum ? EnumOf(type) : Leaves.GetValueOrDefault(type);
    }

    public override void Write(object? value, PictureWriter writer) => write(value!, writer);

    public override object? Read(PictureReader reader) => read(reader);

    private static Leaf EnumOf(Type type) => new(
        (value, to) => to.Number(Fold(Convert.ToInt64(value, null))),
        from => Enum.ToObject(type, Unfold(from.Number())));

    /// <summary>Words that any hash or seed may fill take all their bytes.</summary>
    private static void WriteWord(object value, PictureWriter to)
        => BinaryPrimitives.WriteUInt64BigEndian(to.Bytes(sizeof(ulong)), (ulong)value);

    /// <summary>Small numbers of either sign become small ones without.</summary>
    private static ulong Fold(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long Unfold(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Text may be absent; it has no identity worth keeping.</summary>
    private sealed class TextForm : Form
    {
        public override void Write(object? value, PictureWriter writer)
        {
            writer.Number(value is null ? 0UL : 1);
            if (value is not null)
            {
                Words.Write(value, writer);
            }
        }

        public override object? Read(PictureReader reader)
            => reader.Number() == 0 ? null : Words.Read(reader);
    }
}
