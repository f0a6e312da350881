using System.Buffers;
using MessagePack;
using static Ledger.Compat.Tests.MessagePackBytes;

namespace Ledger.Compat.Tests;

/// <summary>
/// The other formats of the specification: nil, booleans, binary, strings, arrays and maps.
/// </summary>
public sealed class MessagePackFormatTests
{
    [Fact]
    public void Nil_and_booleans_are_one_byte()
    {
        Assert.Equal("c0", Written((ref w) => w.WriteNil()));
        Assert.Equal("c2", Written((ref w) => w.Write(false)));
        Assert.Equal("c3", Written((ref w) => w.Write(true)));
        Assert.Equal(Nil.Default, ReadWhole("c0", (ref r) => r.ReadNil()));
        Assert.False(ReadWhole("c2", (ref r) => r.ReadBoolean()));
        Assert.True(ReadWhole("c3", (ref r) => r.ReadBoolean()));
        Assert.Throws<MessagePackSerializationException>(() => ReadWhole("01", (ref r) => r.ReadBoolean()));
        Assert.Throws<MessagePackSerializationException>(() => ReadWhole("c2", (ref r) => r.ReadNil()));
    }

    [Fact]
    public void TryReadNil_consumes_nil_and_nothing_else()
    {
        var reader = new MessagePackReader(new byte[] { 0xc0, 0x05 });
        Assert.True(reader.TryReadNil());
        Assert.False(reader.TryReadNil());
        Assert.Equal(5, reader.ReadInt32());
        Assert.True(reader.End);
    }

    [Theory]
    [InlineData(0, "c400")]
    [InlineData(1, "c401")]
    [InlineData(255, "c4ff")]
    [InlineData(256, "c50100")]
    [InlineData(65535, "c5ffff")]
    [InlineData(65536, "c600010000")]
    public void Bytes_carry_the_shortest_length(int length, string header)
    {
        var bytes = Filled(length);
        var hex = header + Convert.ToHexStringLower(bytes);

        Assert.Equal(hex, Written((ref w) => w.Write(bytes)));
        Assert.Equal(hex, Written((ref w) => w.Write(bytes.AsSpan())));
        Assert.Equal(hex, Written((ref w) => w.Write(new ReadOnlySequence<byte>(bytes))));
        Assert.Equal(header, Written((ref w) => w.WriteBinHeader(length)));
        Assert.Equal(bytes, ReadWhole(hex, (ref r) => r.ReadBytes())?.ToArray());
    }

    [Theory]
    [InlineData(0, "a0")]
    [InlineData(31, "bf")]
    [InlineData(32, "d920")]
    [InlineData(255, "d9ff")]
    [InlineData(256, "da0100")]
    [InlineData(65535, "daffff")]
    [InlineData(65536, "db00010000")]
    public void A_string_carries_the_shortest_length(int length, string header)
    {
        var text = new string('x', length);
        var utf8 = System.Text.Encoding.UTF8.GetBytes(text);
        var hex = header + Convert.ToHexStringLower(utf8);

        Assert.Equal(hex, Written((ref w) => w.Write(text)));
        Assert.Equal(hex, Written((ref w) => w.Write(text.AsSpan())));
        Assert.Equal(hex, Written((ref w) => w.WriteString(utf8)));
        Assert.Equal(header, Written((ref w) => w.WriteStringHeader(length)));
        Assert.Equal(text, ReadWhole(hex, (ref r) => r.ReadString()));
        Assert.Equal(utf8, ReadWhole(hex, (ref r) => r.ReadStringSequence())?.ToArray());
        Assert.Equal(utf8, ReadWhole(hex, (ref r) => r.TryReadStringSpan(out var span) ? span.ToArray()
            : null));
    }

    [Fact]
    public void The_length_of_a_string_counts_bytes_and_not_characters()
    {
        var sixteenCharacters = new string('é', 16);
        Assert.StartsWith(
            "d920c3a9", Written((ref w) => w.Write(sixteenCharacters)), StringComparison.Ordinal);
        Assert.Equal("a4f09f9880", Written((ref w) => w.Write("\U0001F600")));
        Assert.Equal("\U0001F600", ReadInPieces("a4f09f9880", (ref r) => r.ReadString()));
    }

    [Fact]
    public void Null_is_nil_for_strings_and_bytes()
    {
        Assert.Equal("c0", Written((ref w) => w.Write((string?)null)));
        Assert.Equal("c0", Written((ref w) => w.Write((byte[]?)null)));
        Assert.Null(ReadWhole("c0", (ref r) => r.ReadString()));
        Assert.Null(ReadWhole("c0", (ref r) => r.ReadBytes()));
        Assert.Null(ReadWhole("c0", (ref r) => r.ReadStringSequence()));
    }

    [Theory]
    [InlineData(0, "90", "80")]
    [InlineData(15, "9f", "8f")]
    [InlineData(16, "dc0010", "de0010")]
    [InlineData(65535, "dcffff", "deffff")]
    [InlineData(65536, "dd00010000", "df00010000")]
    public void Arrays_and_maps_carry_the_shortest_count(int count, string array, string map)
    {
        Assert.Equal(array, Written((ref w) => w.WriteArrayHeader(count)));
        Assert.Equal(array, Written((ref w) => w.WriteArrayHeader((uint)count)));
        Assert.Equal(map, Written((ref w) => w.WriteMapHeader(count)));
        Assert.Equal(map, Written((ref w) => w.WriteMapHeader((uint)count)));
        Assert.Equal(count, ReadWhole(array, (ref r) => r.TryReadArrayHeader(out var n) ? n : -1));
        Assert.Equal(count, ReadWhole(map, (ref r) => r.TryReadMapHeader(out var n) ? n : -1));

        var arrayReader = new MessagePackReader(Filled(array, count));
        Assert.Equal(count, arrayReader.ReadArrayHeader());
        var mapReader = new MessagePackReader(Filled(map, 2 * count));
        Assert.Equal(count, mapReader.ReadMapHeader());
    }

    [Fact]
    public void A_negative_count_is_not_written()
    {
        Assert.Throws<OverflowException>(() => Written((ref w) => w.WriteArrayHeader(-1)));
        Assert.Throws<OverflowException>(() => Written((ref w) => w.WriteMapHeader(-1)));
    }

    /// <summary>The other trap: bytes are taken from a string too, as the published reader does.</summary>
    [Fact]
    public void Bytes_are_read_from_a_string_but_a_string_never_from_bytes()
    {
        Assert.Equal([0x61], ReadWhole("a161", (ref r) => r.ReadBytes())?.ToArray());
        Assert.Throws<MessagePackSerializationException>(
            () => ReadWhole("c40161", (ref r) => r.ReadString()));
    }

    [Theory]
    [InlineData("05", MessagePackType.Integer)]
    [InlineData("e0", MessagePackType.Integer)]
    [InlineData("cf", MessagePackType.Integer)]
    [InlineData("d3", MessagePackType.Integer)]
    [InlineData("80", MessagePackType.Map)]
    [InlineData("de", MessagePackType.Map)]
    [InlineData("9f", MessagePackType.Array)]
    [InlineData("dd", MessagePackType.Array)]
    [InlineData("bf", MessagePackType.String)]
    [InlineData("d9", MessagePackType.String)]
    [InlineData("c0", MessagePackType.Nil)]
    [InlineData("c1", MessagePackType.Unknown)]
    [InlineData("c2", MessagePackType.Boolean)]
    [InlineData("c4", MessagePackType.Binary)]
    [InlineData("ca", MessagePackType.Float)]
    [InlineData("c7", MessagePackType.Extension)]
    [InlineData("d8", MessagePackType.Extension)]
    public void The_next_byte_names_the_type_and_stays_unread(string hex, MessagePackType type)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        Assert.Equal(type, reader.NextMessagePackType);
        Assert.Equal(Convert.FromHexString(hex)[0], reader.NextCode);
        Assert.Equal(0, reader.Consumed);
    }

    [Fact]
    public void A_peek_reader_moves_alone()
    {
        var reader = new MessagePackReader(new byte[] { 0x01, 0x02 });
        reader.ReadInt32();
        var peek = reader.CreatePeekReader();
        Assert.Equal(2, peek.ReadInt32());
        Assert.True(peek.End);
        Assert.False(reader.End);
        Assert.Equal(2, reader.ReadInt32());
    }

    [Fact]
    public void A_writer_fills_many_small_buffers_in_order()
    {
        ArrayBufferWriter<byte> buffer = new(1);
        var writer = new MessagePackWriter(buffer);
        for (var i = 0; i < 1000; i++)
        {
            writer.Write(i);
        }

        writer.Flush();
        var reader = new MessagePackReader(buffer.WrittenMemory);
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(i, reader.ReadInt32());
        }

        Assert.True(reader.End);
    }

    [Fact]
    public void Raw_bytes_and_a_callers_own_span_are_taken_as_they_are()
    {
        Assert.Equal("920102c0", Written((ref w) =>
        {
            w.WriteRaw([0x92, 0x01, 0x02]);
            w.GetSpan(1)[0] = MessagePackCode.Nil;
            w.Advance(1);
        }));
        Assert.Equal([0x92, 0x01, 0x02], ReadWhole("920102", (ref r) => r.ReadRaw(3)).ToArray());
    }

    private static byte[] Filled(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)0x5a);
        return bytes;
    }

    private static byte[] Filled(string header, int length)
        => [.. Convert.FromHexString(header), .. Filled(length)];
}
