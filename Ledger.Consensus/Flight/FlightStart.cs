using System.Buffers;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Flight;

/// <summary>Whose engine a recording is of.</summary>
/// <param name="ChainId">Its chain, for people.</param>
/// <param name="Chain">Its genesis hash.</param>
/// <param name="Self">Which validator.</param>
/// <param name="Validators">How many there are.</param>
/// <param name="Program">The version of the program that recorded.</param>
public sealed record FlightSource(
    string ChainId, Digest Chain, ValidatorIndex Self, int Validators, string Program);

/// <summary>What a recording begins with: whose it is, and the engine as it was.</summary>
/// <param name="Source">Whose it is.</param>
/// <param name="Engine">The engine's type.</param>
/// <param name="Shape">
/// Of the types that this and all turns are drawn from: where it differs, nothing can be read.
/// </param>
/// <param name="Picture">The engine's fields.</param>
public sealed record FlightStart(
    FlightSource Source, string Engine, Digest Shape, ReadOnlyMemory<byte> Picture)
{
    private static readonly Lazy<Digest> OurShape = new(
        () => Form.Fingerprint(typeof(IEngine), typeof(EngineTurn)));

    /// <summary>Draws an engine between two turns.</summary>
    /// <exception cref="FlightException">It holds what cannot be drawn.</exception>
    public static FlightStart Of(FlightSource source, IEngine engine)
    {
        ArrayBufferWriter<byte> picture = new();
        new PictureWriter(picture, keepsIdentity: true).Write(engine, typeof(IEngine));
        return new(source, engine.GetType().Name, OurShape.Value, picture.WrittenMemory);
    }

    /// <summary>The engine again, as it was.</summary>
    /// <exception cref="FlightException">
    /// This program's engines are made otherwise, or the picture is damaged.
    /// </exception>
    public IEngine Revive()
    {
        CheckShape();
        PictureReader reader = new(Picture);
        return reader.Read(typeof(IEngine)) as IEngine is { } engine && reader.IsAtEnd
            ? engine
            : throw PictureReader.Damaged();
    }

    /// <exception cref="FlightException">This program's types are made otherwise.</exception>
    internal void CheckShape()
    {
        if (Shape != OurShape.Value)
        {
            throw new FlightException(
                "the engine it was made of is built otherwise than this program's; "
                + $"replay it with the version that recorded it, {Source.Program}");
        }
    }
}
