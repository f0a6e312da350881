using Ledger.Core;
using MessagePack;

namespace Ledger.Consensus.Raft;

/// <summary>Single values in Raft's encodings: bounded numbers, and a head of numbers.</summary>
internal static class RaftFields
{
    public static Term ReadTerm(ref MessagePackReader reader) => new(ReadNumber(ref reader));

    public static LogIndex ReadIndexOf(ref MessagePackReader reader) => new(ReadNumber(ref reader));

    public static Height ReadHeight(ref MessagePackReader reader) => new(ReadNumber(ref reader));

    public static ulong ReadNumber(ref MessagePackReader reader)
    {
        var number = reader.ReadUInt64();
        return number <= RaftCodec.NumberMax
            ? number : throw new MalformedException("a number is out of range");
    }

    public static void WriteHead(
        ref MessagePackWriter writer, byte kind, Term term, params ReadOnlySpan<ulong> numbers)
    {
        WireFields.WriteHead(ref writer, kind, numbers.Length + 1);
        writer.Write(term.Value);
        foreach (var number in numbers)
        {
            writer.Write(number);
        }
    }
}
