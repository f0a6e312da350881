using System.Buffers;
using MessagePack;
using static Ledger.Compat.Tests.MessagePackBytes;

namespace Ledger.Compat.Tests;

/// <summary>What a peer may send instead: cut values, counts that lie, depths without end.</summary>
public sealed class MessagePackHostileTests
{
    /// <summary>One value of every format; arrays and maps with their content.</summary>
    public static TheoryData<string> Values =>
    [
        "05", "e0", "c0", "c2", "c3",
        "cc80", "cd0100", "ce00010000", "cf0000000100000000",
        "d080", "d18000", "d280000000", "d38000000000000000",
        "ca3f800000", "cb3ff0000000000000",
        "c403010203", "c50003010203", "c600000003010203",
        "a3616263", "d903616263", "da0003616263", "db00000003616263",
        "93010203", "dc0003010203", "dd00000003010203",
        "8201020304", "de000201020304", "df0000000201020304",
        "d40101", "d5010102", "d60101020304", "d7010102030405060708",
        "d80101020304050607080102030405060708", "c70301010203", "c8000301010203", "c90000000301010203",
        "92920102c4020102",
    ];

    [Theory, MemberData(nameof(Values))]
    public void A_whole_value_is_skipped_exactly(string hex)
    {
        Assert.True(ReadWhole(hex, Skipped));
        Assert.True(ReadInPieces(hex, Skipped));
        Assert.Equal(Convert.FromHexString(hex), ReadWhole(hex, (ref r) => r.ReadRaw()).ToArray());
    }

    [Theory, MemberData(nameof(Values))]
    public void A_value_cut_anywhere_is_the_end_of_the_stream(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Throws<EndOfStreamException>(() => new MessagePackReader(cut).Skip());
            Assert.Throws<EndOfStreamException>(() => new MessagePackReader(InPieces(cut)).Skip());
        }
    }

    [Theory]
    [InlineData("cf0000000100000000")]
    [InlineData("d280000000")]
    [InlineData("cc80")]
    public void An_integer_cut_anywhere_is_the_end_of_the_stream(string hex)
    {
        for (var length = 0; length < hex.Length; length += 2)
        {
            var cut = hex[..length];
            Assert.Throws<EndOfStreamException>(() => ReadWhole(cut, (ref r) => r.ReadInt64()));
            Assert.Throws<EndOfStreamException>(() => ReadInPieces(cut, (ref r) => r.ReadInt64()));
        }
    }

    [Theory]
    [InlineData("c403010203")]
    [InlineData("c50003010203")]
    [InlineData("c600000003010203")]
    [InlineData("a3616263")]
    [InlineData("db00000003616263")]
    public void Bytes_cut_anywhere_are_the_end_of_the_stream(string hex)
    {
        for (var length = 0; length < hex.Length; length += 2)
        {
            var cut = hex[..length];
            Assert.Throws<EndOfStreamException>(() => ReadWhole(cut, (ref r) => r.ReadBytes()));
        }
    }

    [Fact]
    public void A_string_cut_anywhere_is_the_end_of_the_stream()
    {
        foreach (var cut in (string[])["", "a3", "a361", "a36162", "d9", "d903", "d903616"[..6], "da00"])
        {
            Assert.Throws<EndOfStreamException>(() => ReadWhole(cut, (ref r) => r.ReadString()));
            Assert.Throws<EndOfStreamException>(() => ReadWhole(cut, (ref r) => r.TryReadStringSpan(out _)));
        }
    }

    [Theory]
    [InlineData("91")]
    [InlineData("9f0102")]
    [InlineData("dc000201")]
    [InlineData("dd0000000401 0203")]
    [InlineData("dd7fffffff")]
    public void A_count_larger_than_what_remains_is_refused(string hex)
    {
        hex = hex.Replace(" ", "", StringComparison.Ordinal);
        Assert.Throws<EndOfStreamException>(() => ReadWhole(hex, (ref r) => r.ReadArrayHeader()));
    }

    [Theory]
    [InlineData("8101")]
    [InlineData("82010203")]
    [InlineData("df7fffffff0102")]
    public void A_map_needs_two_bytes_for_each_pair(string hex)
        => Assert.Throws<EndOfStreamException>(() => ReadWhole(hex, (ref r) => r.ReadMapHeader()));

    [Fact]
    public void A_count_above_the_largest_int_overflows()
    {
        Assert.Throws<OverflowException>(() => ReadWhole("ddffffffff", (ref r) => r.ReadArrayHeader()));
        Assert.Throws<OverflowException>(() => ReadWhole("dfffffffff", (ref r) => r.ReadMapHeader()));
    }

    [Fact]
    public void A_length_of_four_gigabytes_is_refused_without_allocating()
    {
        Assert.Throws<EndOfStreamException>(() => ReadWhole("c6ffffffff", (ref r) => r.ReadBytes()));
        Assert.Throws<EndOfStreamException>(() => ReadWhole("dbffffffff", (ref r) => r.ReadString()));
    }

    [Fact]
    public void A_header_cut_short_is_false_for_try_and_consumes_nothing()
    {
        foreach (var cut in (string[])["", "dc", "dc00", "dd000000"])
        {
            var reader = new MessagePackReader(Convert.FromHexString(cut));
            Assert.False(reader.TryReadArrayHeader(out var count));
            Assert.Equal(0, count);
            Assert.Equal(0, reader.Consumed);
        }

        var map = new MessagePackReader(new byte[] { 0xde, 0x00 });
        Assert.False(map.TryReadMapHeader(out _));
        Assert.Throws<MessagePackSerializationException>(
            () => ReadWhole("80", (ref r) => r.TryReadArrayHeader(out _)));
    }

    [Fact]
    public void A_string_across_segments_has_no_span_and_stays_unread()
    {
        var reader = new MessagePackReader(InPieces([0xa2, 0x61, 0x62]));
        Assert.False(reader.TryReadStringSpan(out _));
        Assert.Equal(0, reader.Consumed);
        Assert.Equal("ab", reader.ReadString());
    }

    [Fact]
    public void Bytes_across_segments_are_joined_without_a_copy_of_the_rest()
    {
        var reader = new MessagePackReader(InPieces([0xc5, 0x00, 0x03, 0x01, 0x02, 0x03, 0x07]));
        Assert.Equal([1, 2, 3], reader.ReadBytes()?.ToArray());
        Assert.Equal(7, reader.ReadInt32());
    }

    [Fact]
    public void A_million_nested_arrays_do_not_exhaust_the_stack()
    {
        var nested = new byte[1_000_001];
        Array.Fill(nested, (byte)0x91);
        nested[^1] = 0xc0;
        var reader = new MessagePackReader(nested);
        reader.Skip();
        Assert.True(reader.End);
    }

    [Fact]
    public void The_code_that_is_never_used_is_refused()
        => Assert.Throws<MessagePackSerializationException>(() => ReadWhole("c1", Skipped));

    [Fact]
    public void Reading_numbers_and_bytes_from_one_segment_allocates_nothing()
    {
        var bytes = Convert.FromHexString("9405cd0100d280000000c403010203");
        ReadOne(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ReadOne(bytes);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void ReadOne(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        reader.ReadArrayHeader();
        reader.ReadInt64();
        reader.ReadUInt16();
        reader.ReadInt32();
        reader.ReadBytes();
    }

    private static bool Skipped(ref MessagePackReader reader)
    {
        reader.Skip();
        return true;
    }
}
