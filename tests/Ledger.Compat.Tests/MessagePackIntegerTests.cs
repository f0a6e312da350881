using MessagePack;
using static Ledger.Compat.Tests.MessagePackBytes;

namespace Ledger.Compat.Tests;

/// <summary>
/// The integer family of the MessagePack specification, at each boundary between two formats.
/// </summary>
public sealed class MessagePackIntegerTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(1, "01")]
    [InlineData(127, "7f")]
    [InlineData(128, "cc80")]
    [InlineData(255, "ccff")]
    [InlineData(256, "cd0100")]
    [InlineData(65535, "cdffff")]
    [InlineData(65536, "ce00010000")]
    [InlineData(4294967295, "ceffffffff")]
    [InlineData(4294967296, "cf0000000100000000")]
    [InlineData(long.MaxValue, "cf7fffffffffffffff")]
    [InlineData(-1, "ff")]
    [InlineData(-32, "e0")]
    [InlineData(-33, "d0df")]
    [InlineData(-128, "d080")]
    [InlineData(-129, "d1ff7f")]
    [InlineData(-32768, "d18000")]
    [InlineData(-32769, "d2ffff7fff")]
    [InlineData(int.MinValue, "d280000000")]
    [InlineData(-2147483649, "d3ffffffff7fffffff")]
    [InlineData(long.MinValue, "d38000000000000000")]
    public void A_signed_number_has_one_shortest_form(long value, string hex)
    {
        Assert.Equal(hex, Written((ref w) => w.Write(value)));
        Assert.Equal(value, ReadWhole(hex, (ref r) => r.ReadInt64()));
        Assert.Equal(value, ReadInPieces(hex, (ref r) => r.ReadInt64()));
    }

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7f")]
    [InlineData(128, "cc80")]
    [InlineData(255, "ccff")]
    [InlineData(256, "cd0100")]
    [InlineData(65536, "ce00010000")]
    [InlineData(4294967296, "cf0000000100000000")]
    [InlineData(ulong.MaxValue, "cfffffffffffffffff")]
    public void An_unsigned_number_has_the_same_shortest_form(ulong value, string hex)
    {
        Assert.Equal(hex, Written((ref w) => w.Write(value)));
        Assert.Equal(value, ReadWhole(hex, (ref r) => r.ReadUInt64()));
        Assert.Equal(value, ReadInPieces(hex, (ref r) => r.ReadUInt64()));
    }

    [Fact]
    public void The_form_depends_on_the_value_and_not_on_the_type_that_held_it()
    {
        Assert.Equal("cc80", Written((ref w) => w.Write((byte)128)));
        Assert.Equal("cc80", Written((ref w) => w.Write((short)128)));
        Assert.Equal("cc80", Written((ref w) => w.Write((ushort)128)));
        Assert.Equal("cc80", Written((ref w) => w.Write(128)));
        Assert.Equal("cc80", Written((ref w) => w.Write(128u)));
        Assert.Equal("7f", Written((ref w) => w.Write((sbyte)127)));
        Assert.Equal("d080", Written((ref w) => w.Write(sbyte.MinValue)));
    }

    [Fact]
    public void A_fixed_form_keeps_its_width()
    {
        Assert.Equal("cc01", Written((ref w) => w.WriteUInt8(1)));
        Assert.Equal("cd0001", Written((ref w) => w.WriteUInt16(1)));
        Assert.Equal("ce00000001", Written((ref w) => w.WriteUInt32(1)));
        Assert.Equal("cf0000000000000001", Written((ref w) => w.WriteUInt64(1)));
        Assert.Equal("d0ff", Written((ref w) => w.WriteInt8(-1)));
        Assert.Equal("d1ffff", Written((ref w) => w.WriteInt16(-1)));
        Assert.Equal("d2ffffffff", Written((ref w) => w.WriteInt32(-1)));
        Assert.Equal("d3ffffffffffffffff", Written((ref w) => w.WriteInt64(-1)));
    }

    /// <summary>The trap of the published reader: our decoders must encode again and compare.</summary>
    [Theory]
    [InlineData("07")]
    [InlineData("cc07")]
    [InlineData("cd0007")]
    [InlineData("ce00000007")]
    [InlineData("cf0000000000000007")]
    [InlineData("d007")]
    [InlineData("d10007")]
    [InlineData("d200000007")]
    [InlineData("d30000000000000007")]
    public void Seven_is_read_from_every_width_and_into_every_type(string hex)
    {
        Assert.Equal((byte)7, ReadWhole(hex, (ref r) => r.ReadByte()));
        Assert.Equal((sbyte)7, ReadWhole(hex, (ref r) => r.ReadSByte()));
        Assert.Equal((ushort)7, ReadWhole(hex, (ref r) => r.ReadUInt16()));
        Assert.Equal((short)7, ReadWhole(hex, (ref r) => r.ReadInt16()));
        Assert.Equal(7u, ReadWhole(hex, (ref r) => r.ReadUInt32()));
        Assert.Equal(7, ReadWhole(hex, (ref r) => r.ReadInt32()));
        Assert.Equal(7ul, ReadWhole(hex, (ref r) => r.ReadUInt64()));
        Assert.Equal(7L, ReadWhole(hex, (ref r) => r.ReadInt64()));
    }

    [Fact]
    public void A_number_that_does_not_fit_its_type_overflows()
    {
        Assert.Throws<OverflowException>(() => ReadWhole("cd0100", (ref r) => r.ReadByte()));
        Assert.Throws<OverflowException>(() => ReadWhole("cc80", (ref r) => r.ReadSByte()));
        Assert.Throws<OverflowException>(() => ReadWhole("ce00010000", (ref r) => r.ReadUInt16()));
        Assert.Throws<OverflowException>(() => ReadWhole("cd8000", (ref r) => r.ReadInt16()));
        Assert.Throws<OverflowException>(() => ReadWhole("cf0000000100000000", (ref r) => r.ReadUInt32()));
        Assert.Throws<OverflowException>(() => ReadWhole("ce80000000", (ref r) => r.ReadInt32()));
        Assert.Throws<OverflowException>(() => ReadWhole("cf8000000000000000", (ref r) => r.ReadInt64()));
        Assert.Throws<OverflowException>(() => ReadWhole("ff", (ref r) => r.ReadUInt64()));
        Assert.Throws<OverflowException>(() => ReadWhole("d1ffff", (ref r) => r.ReadByte()));
    }

    [Theory]
    [InlineData("c0")]
    [InlineData("c1")]
    [InlineData("c3")]
    [InlineData("c400")]
    [InlineData("a0")]
    [InlineData("90")]
    [InlineData("ca00000000")]
    public void What_is_not_an_integer_is_refused(string hex)
    {
        Assert.Throws<MessagePackSerializationException>(() => ReadWhole(hex, (ref r) => r.ReadInt64()));
        Assert.Throws<MessagePackSerializationException>(() => ReadWhole(hex, (ref r) => r.ReadByte()));
    }
}
