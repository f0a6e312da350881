namespace Ledger.Crypto.Tests;

/// <summary>
/// The fixed-size values: bytes in, the same bytes out, text in one form, and nothing else accepted.
/// </summary>
public sealed class ValueTests
{
    private static readonly byte[] Counting = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 5))];

    [Fact]
    public void A_value_gives_back_its_bytes()
    {
        var (digest, key, signature) = (new byte[32], new byte[32], new byte[64]);
        new Digest(Counting.AsSpan(0, 32)).CopyTo(digest);
        new PublicKey(Counting.AsSpan(0, 32)).CopyTo(key);
        new Signature(Counting).CopyTo(signature);

        Assert.Equal(Counting[..32], digest);
        Assert.Equal(Counting[..32], new Digest(Counting.AsSpan(0, 32)).ToArray());
        Assert.Equal(Counting[..32], key);
        Assert.Equal(Counting, signature);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(63)]
    [InlineData(65)]
    public void Another_length_is_refused(int length)
    {
        Assert.Throws<ArgumentException>(() => new Digest(new byte[length]));
        Assert.Throws<ArgumentException>(() => new PublicKey(new byte[length]));
        Assert.Throws<ArgumentException>(() => new Signature(new byte[length]));
    }

    [Fact]
    public void Text_is_lowercase_hexadecimal_and_reads_back()
    {
        var text = Convert.ToHexStringLower(Counting);

        Assert.Equal(text[..64], new Digest(Counting.AsSpan(0, 32)).ToString());
        Assert.Equal(text[..8], new Digest(Counting.AsSpan(0, 32)).ToShortString());
        Assert.Equal(text[..64], new PublicKey(Counting.AsSpan(0, 32)).ToString());
        Assert.Equal(text, new Signature(Counting).ToString());
        Assert.True(Digest.TryParse(text[..64], out var digest));
        Assert.True(PublicKey.TryParse(text[..64].ToUpperInvariant(), out var key));
        Assert.True(Signature.TryParse(text, out var signature));
        Assert.Equal(new(Counting.AsSpan(0, 32)), digest);
        Assert.Equal(new(Counting.AsSpan(0, 32)), key);
        Assert.Equal(new(Counting), signature);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("00")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0x00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(" 0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("٠٠00000000000000000000000000000000000000000000000000000000000000")]
    public void Text_that_is_not_exactly_that_is_refused(string? text)
    {
        Assert.False(Digest.TryParse(text, out var digest));
        Assert.False(PublicKey.TryParse(text, out var key));
        Assert.False(Signature.TryParse(text + text, out var signature));
        Assert.Equal(default, digest);
        Assert.Equal(default, key);
        Assert.Equal(default, signature);
    }

    [Fact]
    public void Order_is_that_of_the_bytes()
    {
        Random chance = new(7);
        for (var round = 0; round < 2000; round++)
        {
            var (left, right) = TwoThatDifferLate(chance);
            var expected = Math.Sign(left.AsSpan().SequenceCompareTo(right));

            Assert.Equal(expected, Math.Sign(new Digest(left).CompareTo(new(right))));
            Assert.Equal(expected, Math.Sign(new PublicKey(left).CompareTo(new(right))));
            Assert.Equal(expected == 0, new Digest(left) == new Digest(right));
        }
    }

    [Fact]
    public void Values_differ_when_any_byte_does()
    {
        Signature signature = new(Counting);
        for (var i = 0; i < Counting.Length; i++)
        {
            byte[] other = [.. Counting];
            other[i] ^= 0x80;

            Assert.NotEqual(signature, new(other));
            if (i < 32)
            {
                Assert.NotEqual(new Digest(Counting.AsSpan(0, 32)), new(other.AsSpan(0, 32)));
                Assert.NotEqual(new PublicKey(Counting.AsSpan(0, 32)), new(other.AsSpan(0, 32)));
            }
        }
    }

    [Fact]
    public void Bits_and_nibbles_are_counted_from_the_most_significant()
    {
        Digest digest = new(Counting.AsSpan(0, 32));
        for (var i = 0; i < 256; i++)
        {
            Assert.Equal((Counting[i / 8] >> (7 - (i % 8)) & 1) == 1, digest.BitAt(i));
            Assert.Equal(Convert.ToInt32(digest.ToString()[i / 4].ToString(), 16), digest.NibbleAt(i / 4));
        }
    }

    [Fact]
    public void The_hash_of_two_parts_is_that_of_their_bytes_in_a_row_whatever_their_lengths()
    {
        var bytes = new byte[3000];
        new Random(3).NextBytes(bytes);
        foreach (var cut in new[] { 0, 1, 32, 1023, 1024, 1025, 2999, 3000 })
        {
            Assert.Equal(Sha256.Hash(bytes), Sha256.Hash(bytes.AsSpan(0, cut), bytes.AsSpan(cut)));
        }

        Assert.Equal(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Sha256.Hash([], [])
                .ToString());
    }

    private static (byte[] Left, byte[] Right) TwoThatDifferLate(Random chance)
    {
        var left = new byte[32];
        chance.NextBytes(left);
        byte[] right = [.. left];
        for (var i = chance.Next(33); i < 32; i++)
        {
            right[i] = (byte)chance.Next(256);
        }

        return (left, right);
    }
}
